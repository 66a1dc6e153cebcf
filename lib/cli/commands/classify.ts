/**
 * `tubelet classify`: what each video shows.
 *
 * @module
 */
import { mostClasses } from '../../options/answers';
import { scoreKinds } from '../../options/scores';
import type { ClassifyResult, Prediction } from '../../results/results';
import {
  type ClassifiedWindow,
  type ClassifyWindowsResult,
  segmentsOf,
  windowsProvenance,
} from '../../results/windows';
import { deviceName, oneOf, parse, precisionName, wholeNumber } from '../base/arguments';
import { type Command, optionHelp } from '../base/command';
import { footer, heading, notes } from '../base/output';
import type { Session } from '../base/session';
import { bar, fit, fitEnd, left, lengthOf, percent, percentWidth, printable, styled } from '../base/text';
import { adjustmentsOf, modelClipHelp, modelClipOf, modelClipOptions } from '../base/videos';
import { segmentsReport } from '../base/windows';
import { answerOptions, folderHelp, folderOf, folderOptions } from '../folder/options';
import { runVideos } from '../folder/run';

const help = `Usage: tubelet classify FILE... [options]

Says what each video shows.

Options:
${optionHelp.model}
${optionHelp.device}
${optionHelp.precision}
${optionHelp.trust}
  --top N          how many of the best classes to print; default 5; with 1 a
                   line a file
  --labels FILE    names for the classes, one a line, instead of the model's own
  --scores HOW     softmax, or sigmoid (each class by itself, for models of
                   videos with several); default: as the model was trained
  --logits         the classifier's raw output as well (in JSON)
${modelClipHelp}
${folderHelp}

Examples:
  tubelet classify clip.mp4 --model motion-vivit
  tubelet classify *.mp4 --model ./my-model --top 1 --json
  tubelet classify videos/ --output results.jsonl
  tubelet classify videos/ --output results.jsonl --resume
  curl https://example.org/clip.webm | tubelet classify - --start 10 --end 20`;

export const classify: Command = {
  summary: 'say what each video shows',
  help,
  run: async (args, session) => {
    const { values, files } = parse(args, {
      model: { type: 'string' },
      device: { type: 'string' },
      precision: { type: 'string' },
      trust: { type: 'boolean' },
      top: { type: 'string' },
      labels: { type: 'string' },
      logits: { type: 'boolean' },
      scores: { type: 'string' },
      ...modelClipOptions,
      ...folderOptions,
    });
    const options = {
      topK: wholeNumber('top', values.top, mostClasses),
      logits: values.logits,
      scores: oneOf('scores', values.scores, scoreKinds),
      ...modelClipOf(values, session),
    };
    const adjustments = adjustmentsOf(values);
    return runVideos(
      {
        command: 'classify',
        args,
        request: folderOf(files, values),
        model: values.model,
        loading: {
          labels: values.labels,
          trust: values.trust,
          device: deviceName(values.device),
          precision: precisionName(values.precision),
          ...adjustments,
        },
        options: answerOptions({ ...options, ...adjustments }),
        start: (model, videos, batch) => model.classifyAll(videos, { ...options, ...batch }),
        watch: options.windows && {
          start: (model, video, hooks) => model.classify(video, { ...options, ...hooks }),
          soFar: (windows, { info }, warning) => ({
            windows: windows as ClassifiedWindow[],
            segments: segmentsOf(windows as ClassifiedWindow[]),
            scores: options.scores ?? info.scores,
            ...windowsProvenance(windows, [warning], info),
          }),
        },
        report: (file, result, isFirst, { info }) =>
          options.topK === 1 && !('windows' in result)
            ? lineReport(file, result, info.labels, session)
            : report(file, result, session, isFirst),
      },
      session,
    );
  },
};

function report(
  file: string,
  result: ClassifyResult | ClassifyWindowsResult,
  session: Session,
  isFirst: boolean,
): string {
  const body = 'windows' in result ? segmentsReport(file, result, session) : singleReport(file, result, session);
  return (isFirst ? '' : '\n') + body;
}

const widestLabel = 30;

/** ` 98.1%  pan right             clips/a.mp4`: the best class alone, one line a file, all in the same columns. */
function lineReport(file: string, result: ClassifyResult, labels: readonly string[], session: Session): string {
  const { columns, unicode, color } = session;
  const widest = Math.min(widestLabel, Math.max(...labels.map((label) => lengthOf(printable(label)))));
  const [best] = result.predictions;
  const label = left(fit(printable(best?.label ?? ''), widest, unicode), widest);
  const room = Math.max(10, columns - percentWidth - widest - 4);
  const name = styled(fitEnd(printable(file), room, unicode), 'bold', color);
  return [`${percent(best?.score ?? 0)}  ${label}  ${name}`, ...notes(result.warnings, session)].join('\n');
}

function singleReport(file: string, result: ClassifyResult, session: Session): string {
  const lines = [heading(file, session), ...predictionLines(result.predictions, session), ...footer(result, session)];
  return lines.join('\n');
}

const longestBar = 30;
const shortestBar = 10;

/** `  pan right   98.1%  ███████████`, within the terminal's width. */
function predictionLines(predictions: readonly Prediction[], session: Session): string[] {
  const { columns, unicode, color } = session;
  const labels = predictions.map(({ label }) => printable(label));
  const gaps = 6; // two before each of label, percentage and bar
  const room = Math.max(10, columns - gaps - percentWidth - shortestBar);
  const labelWidth = Math.min(Math.max(...labels.map(lengthOf)), room);
  const barWidth = Math.min(longestBar, Math.max(shortestBar, columns - gaps - percentWidth - labelWidth));
  return predictions.map(({ score }, index) => {
    const label = left(fit(labels[index] ?? '', labelWidth, unicode), labelWidth);
    return `  ${label}  ${percent(score)}  ${styled(bar(score, barWidth, unicode).trimEnd(), 'cyan', color)}`;
  });
}
