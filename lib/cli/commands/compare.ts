/**
 * `tubelet compare`: what several models make of the same videos, side by side, and how long each takes.
 *
 * @module
 */
import type { LoadOptions } from '../../api/load';
import type { Model } from '../../api/model';
import { bundledModels } from '../../checkpoints/locate';
import type { EncodedVideo } from '../../inputs/recognise';
import { binding, openBinding } from '../../native/runtime';
import { type ClassifyOptions, mostClasses } from '../../options/answers';
import { jsonLine } from '../../results/json-line';
import type { ClassifyResult } from '../../results/results';
import { UsageError, deviceName, oneOf, parse, precisionName, wholeNumber } from '../base/arguments';
import { type Command, optionHelp } from '../base/command';
import { loadShown } from '../base/model';
import { heading } from '../base/output';
import { type Session, eachVideo, fileFailure } from '../base/session';
import { sideBySide } from '../base/side-by-side';
import { milliseconds, printable, styled, table } from '../base/text';
import { addressHelp, addressOptions, modelSamplingHelp, modelSamplingModes, recipeOf } from '../base/videos';
import type { Entry } from '../folder/entries';
import { listHelp, listOf, listOptions } from '../folder/options';

const help = `Usage: tubelet compare FILE... [options]

Shows what several models make of each video, side by side, and then how long
each model took.

Options:
  --models A,B,C   the models' names (see tubelet classify --help); default: the
                   bundled ones
${optionHelp.trust}
  --top N          how many of the best classes to print; default 5
${modelSamplingHelp}
${addressHelp}
${listHelp}
${optionHelp.device}
${optionHelp.precision}
  --json           one JSON line a file

Examples:
  tubelet compare samples/*.mp4
  tubelet compare clip.mp4 --models motion-vivit,./my-model --top 3
  tubelet compare clip.mp4 --recipe tutorial`;

export const compare: Command = {
  summary: 'show what several models make of each video, side by side',
  help,
  run: async (args, session) => {
    const { values, files } = parse(args, {
      models: { type: 'string' },
      trust: { type: 'boolean' },
      top: { type: 'string' },
      sampling: { type: 'string' },
      recipe: { type: 'string' },
      device: { type: 'string' },
      precision: { type: 'string' },
      ...addressOptions,
      ...listOptions,
      json: { type: 'boolean' },
    });
    const options = {
      topK: wholeNumber('top', values.top, mostClasses),
      sampling: oneOf('sampling', values.sampling, modelSamplingModes),
      recipe: recipeOf(values),
      signal: session.signal,
    };
    if (files.includes('-')) throw new UsageError('compare reads a FILE once for each model: - is none');
    const videos = listOf(files, values, session.signal);
    const names = values.models === undefined ? await bundledModels() : namesIn(values.models);

    const { trust } = values;
    const loading = { trust, device: deviceName(values.device), precision: precisionName(values.precision) };
    return withModels(names, loading, session, (models) =>
      values.json === true
        ? printJson(videos, models, options, session)
        : printTables(videos, models, options, session),
    );
  },
};

type Options = Omit<ClassifyOptions, 'windows'>;

function namesIn(names: string): string[] {
  const list = names.split(',').filter((name) => name !== '');
  if (list.length === 0) throw new UsageError('--models takes names with commas between them');
  return list;
}

/** All are loaded before the first file, so that results come file by file. */
async function withModels(
  names: readonly string[],
  options: LoadOptions,
  session: Session,
  use: (models: Model[]) => Promise<number>,
): Promise<number> {
  await openBinding(); // before the first model, whose load time it would be otherwise
  const models: Model[] = [];
  try {
    for (const name of names) models.push(await loadShown(name, session, options));
    return await use(models);
  } finally {
    await Promise.all(models.map((model) => model.dispose()));
  }
}

/** One model after the other: side by side they would slow each other down and the times would mean nothing. */
async function classifyWithAll(
  models: readonly Model[],
  video: EncodedVideo,
  options: Options,
): Promise<ClassifyResult[]> {
  const results: ClassifyResult[] = [];
  for (const model of models) results.push(await model.classify(video, options));
  return results;
}

function printJson(
  videos: AsyncIterable<Entry>,
  models: readonly Model[],
  options: Options,
  session: Session,
): Promise<number> {
  const { cpu } = binding().versions();
  return eachVideo(videos, session, fileFailure, async ({ name: file, video }) => {
    const results = await classifyWithAll(models, video, options);
    const answers = results.map((result, index) => ({
      ...result,
      milliseconds: { ...models[index]?.info.milliseconds, ...result.milliseconds },
    }));
    session.print(jsonLine(file, { cpu, models: answers }));
  });
}

async function printTables(
  videos: AsyncIterable<Entry>,
  models: readonly Model[],
  options: Options,
  session: Session,
): Promise<number> {
  const names = models.map((model) => model.info.checkpoint.name);
  const all: ClassifyResult[][] = [];
  const code = await eachVideo(videos, session, undefined, async ({ name: file, video }) => {
    const results = await classifyWithAll(models, video, options);
    all.push(results);
    const columns = results.map(({ predictions }, index) => ({ title: names[index] ?? '', predictions }));
    session.print([heading(file, session), ...sideBySide(columns, session), ''].join('\n'));
  });
  if (all.length > 0) session.print(timings(models, all, session).join('\n'));
  return code;
}

function timings(models: readonly Model[], results: readonly ClassifyResult[][], session: Session): string[] {
  const rows = models.map((model, index) => {
    const times = results.map((ofFile) => ofFile[index]?.milliseconds);
    const middle = (...stages: ('decode' | 'prepare' | 'infer')[]): string =>
      milliseconds(median(times.map((time) => stages.reduce((sum, stage) => sum + (time?.[stage] ?? 0), 0))));
    const { checkpoint, milliseconds: spent, threads } = model.info;
    const total = middle('decode', 'prepare', 'infer');
    const stages = [milliseconds(spent.load), middle('decode'), middle('prepare'), middle('infer'), total];
    return [printable(checkpoint.name), ...stages, String(threads)];
  });
  const count = results.length === 1 ? '' : `, median of ${results.length} files`;
  return [
    styled(`Milliseconds${count}`, 'bold', session.color),
    ...table([['', 'load', 'decode', 'prepare', 'infer', 'total', 'threads'], ...rows]).map((line) => `  ${line}`),
    styled(`  ${binding().versions().cpu}${onDevice(models)}`, 'dim', session.color),
  ];
}

/** The same for all. */
function onDevice([model]: readonly Model[]): string {
  const { device, precision } = model?.info ?? { device: 'cpu', precision: 'fp32' };
  return `${device === 'cpu' ? '' : ` with ${device}`}, ${precision}`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
}
