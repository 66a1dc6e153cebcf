/**
 * `tubelet embed`: a vector for each video.
 *
 * @module
 */
import { type Pooling, mostLayers, poolings } from '../../options/answers';
import type { EmbedResult } from '../../results/results';
import { type EmbedWindowsResult, type EmbeddedWindow, windowsProvenance } from '../../results/windows';
import { UsageError, deviceName, parse, precisionName, wholeNumber } from '../base/arguments';
import { type Command, optionHelp } from '../base/command';
import { footer, heading } from '../base/output';
import type { Session } from '../base/session';
import { right } from '../base/text';
import { adjustmentsOf, modelClipHelp, modelClipOf, modelClipOptions } from '../base/videos';
import { vectorsReport } from '../base/windows';
import { answerOptions, folderHelp, folderOf, folderOptions } from '../folder/options';
import { runVideos } from '../folder/run';

const help = `Usage: tubelet embed FILE... [options]

Turns each video into a vector, such that similar videos lie close together.
The vector itself is in the JSON, with its shape; a terminal shows its start.

Options:
${optionHelp.model}
${optionHelp.device}
${optionHelp.precision}
  --layer N        after the N-th block, 0 for the patch embedding; default:
                   what the head sees
  --pooling P      head, mean (of the patches' tokens), cls, or none (the grid
                   of tokens); default head, with --layer mean
${optionHelp.trust}
  --normalize      scale vectors to length 1: a dot product is then the cosine
${modelClipHelp}
${folderHelp}

Examples:
  tubelet embed clip.mp4 --model motion-videomae
  tubelet embed *.mp4 --normalize --json > vectors.jsonl
  tubelet embed videos/ --output vectors.parquet
  tubelet embed clip.mp4 --layer 8 --pooling none --json`;

export const embed: Command = {
  summary: 'turn each video into a vector',
  help,
  run: async (args, session) => {
    const { values, files } = parse(args, {
      model: { type: 'string' },
      device: { type: 'string' },
      precision: { type: 'string' },
      layer: { type: 'string' },
      pooling: { type: 'string' },
      trust: { type: 'boolean' },
      normalize: { type: 'boolean' },
      ...modelClipOptions,
      ...folderOptions,
    });
    const options = {
      layer: wholeNumber('layer', values.layer, mostLayers, 0),
      pooling: poolingOf(values.pooling),
      normalize: values.normalize,
      ...modelClipOf(values, session),
    };
    const adjustments = adjustmentsOf(values);
    return runVideos(
      {
        command: 'embed',
        args,
        request: folderOf(files, values),
        model: values.model,
        loading: {
          trust: values.trust,
          device: deviceName(values.device),
          precision: precisionName(values.precision),
          ...adjustments,
        },
        options: answerOptions({ ...options, ...adjustments }),
        start: (model, videos, batch) => model.embedAll(videos, { ...options, ...batch }),
        watch: options.windows && {
          start: (model, video, hooks) => model.embed(video, { ...options, ...hooks }),
          soFar: (windows, { info }, warning) => ({
            windows: windows as EmbeddedWindow[],
            normalized: options.normalize ?? false,
            ...windowsProvenance(windows, [warning], info),
          }),
        },
        report: (file, result, isFirst) => report(file, result, session, isFirst),
      },
      session,
    );
  },
};

function poolingOf(value: string | undefined): Pooling | undefined {
  const pooling = poolings.find((name) => name === value);
  if (value !== undefined && pooling === undefined) {
    throw new UsageError(`--pooling takes one of ${poolings.join(', ')}, not '${value}'`);
  }
  return pooling;
}

const shown = 6;

function report(file: string, result: EmbedResult | EmbedWindowsResult, session: Session, isFirst: boolean): string {
  const body = 'windows' in result ? vectorsReport(file, result, session) : singleReport(file, result, session);
  return (isFirst ? '' : '\n') + body;
}

function singleReport(file: string, result: EmbedResult, session: Session): string {
  const { data, shape } = result;
  const length = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0));
  const beginning = Array.from(data.subarray(0, shown), (value) => right(value.toFixed(4), 8)).join(' ');
  const ellipsis = data.length > shown ? (session.unicode ? ' …' : ' ...') : '';
  const lines = [
    heading(file, session),
    shape.length === 1 ? `  ${data.length} numbers, length ${length.toFixed(4)}` : `  ${shape.join(' x ')} numbers`,
    ` ${beginning}${ellipsis}`,
    ...footer(result, session),
  ];
  return lines.join('\n');
}
