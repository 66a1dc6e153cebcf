/**
 * `tubelet frames`: the frames that a model would see, as one picture a file.
 *
 * @module
 */
import { writeFile } from 'node:fs/promises';
import { parse as parsePath } from 'node:path';

import { PNG } from 'pngjs';

import { type ReadFramesResult, readFrames } from '../../api/read-frames';
import { TubeletError, systemReason } from '../../base/errors';
import { isUrl } from '../../inputs/recognise';
import { jsonLine } from '../../results/json-line';
import { mostFrames } from '../../base/limits';
import { UsageError, parse, positiveNumber, wholeNumber } from '../base/arguments';
import { type Command, optionHelp } from '../base/command';
import { clipLines, heading } from '../base/output';
import { type Session, eachVideo, fileFailure } from '../base/session';
import { type Picture, contactSheet } from '../base/sheet';
import { printable } from '../base/text';
import { type Video, clipHelp, clipOf, clipOptions } from '../base/videos';
import { listHelp, listOf, listOptions } from '../folder/options';

const help = `Usage: tubelet frames FILE... [options]

Writes the frames that a model would see as one PNG a file, with their times.

Options:
  -o, --output PNG where to write; default NAME.frames.png in this folder
  --model NAME     sample as for this model (see tubelet classify --help)
${clipHelp}
${listHelp}
  --frames N       how many frames; default: the model's, else 16
  --stride N       with trained: every Nth frame; default: the model's, else 4
  --fps N          with trained: the frame rate that N counts in; default 30
${optionHelp.json}

Examples:
  tubelet frames clip.mp4
  tubelet frames clip.mp4 --sampling spread --frames 25 --output overview.png`;

export const frames: Command = {
  summary: 'write the sampled frames as one picture a file, with their times',
  help,
  run: async (args, session) => {
    const { values, files } = parse(args, {
      output: { type: 'string', short: 'o' },
      model: { type: 'string' },
      ...clipOptions,
      ...listOptions,
      frames: { type: 'string' },
      stride: { type: 'string' },
      fps: { type: 'string' },
      json: { type: 'boolean' },
    });
    const videos = listOf(files, values, session.signal);
    const options = {
      model: values.model,
      ...clipOf(values, session),
      frames: wholeNumber('frames', values.frames, mostFrames),
      stride: positiveNumber('stride', values.stride),
      fps: positiveNumber('fps', values.fps),
    };
    const asTable = session.interactive && values.json !== true;

    if (values.output !== undefined && values['files-from'] !== undefined) {
      throw new UsageError('--output takes one FILE, and no list');
    }
    if (values.output !== undefined) await requireOne(listOf(files, values, session.signal));
    const outputs = new Set<string>();
    return eachVideo(videos, session, asTable ? undefined : fileFailure, async (source, isFirst) => {
      const { name, video } = source;
      const output = values.output ?? freeName(stem(source), outputs);
      outputs.add(output);
      const clip = await readFrames(video, options);
      const sheet = contactSheet(clip);
      await writePng(output, sheet);
      session.print(
        asTable
          ? report(name, output, sheet, clip, session, isFirst)
          : jsonLine(name, { output, ...clip, data: undefined }),
      );
    });
  },
};

/** @throws UsageError: there is more than one video, and one name for the picture. */
async function requireOne(videos: AsyncIterable<unknown>): Promise<void> {
  const iterator = videos[Symbol.asyncIterator]();
  await iterator.next();
  const second = await iterator.next();
  await iterator.return?.();
  if (second.done !== true) throw new UsageError('--output takes one FILE');
}

/** A name for a video's picture: `clip.frames.png`, for the second video that is called so `clip.2.frames.png`. */
function freeName(stem: string, taken: ReadonlySet<string>): string {
  let name = `${stem}.frames.png`;
  for (let number = 2; taken.has(name); number++) name = `${stem}.${number}.frames.png`;
  return name;
}

/** What a video's output is called after: its own name, without folders and ending. */
function stem({ name, video }: Video): string {
  if (name === '-') return 'stdin';
  const { name: last } = parsePath(isUrl(video) ? video.pathname : name);
  return last === '' ? 'video' : last;
}

async function writePng(path: string, { data, width, height }: Picture): Promise<void> {
  const rgb = { colorType: 2, inputColorType: 2, inputHasAlpha: false } as const;
  const png = new PNG({ width, height, ...rgb });
  png.data = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  try {
    await writeFile(path, PNG.sync.write(png, rgb));
  } catch (error) {
    throw new TubeletError('WRITE_FAILED', `Cannot write ${path}: ${systemReason(error)}`, { cause: error });
  }
}

function report(
  file: string,
  output: string,
  { width, height }: Picture,
  clip: ReadFramesResult,
  session: Session,
  isFirst: boolean,
): string {
  const lines = [
    heading(file, session),
    `  wrote ${printable(output)} (${width} x ${height})`,
    ...clipLines(clip, session),
  ];
  return (isFirst ? '' : '\n') + lines.join('\n');
}
