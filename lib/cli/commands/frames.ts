/**
 * `tubelet frames`: the frames that a model would see, as one picture a file.
 *
 * @module
 */
import { writeFile } from 'node:fs/promises';
import { parse as parsePath } from 'node:path';

import { PNG } from 'pngjs';

import { type ReadFramesResult, readFrames } from '../../api/read-frames';
import { TubeletError, messageOf } from '../../base/errors';
import { isUrl } from '../../inputs/recognise';
import { jsonLine } from '../../results/json-line';
import { mostFrames } from '../../base/limits';
import { UsageError, parse, positiveNumber, wholeNumber } from '../base/arguments';
import { type Command, optionHelp } from '../base/command';
import { clipLines, heading } from '../base/output';
import { type Session, eachVideo } from '../base/session';
import { type Picture, contactSheet } from '../base/sheet';
import { printable } from '../base/text';
import { type Video, clipHelp, clipOf, clipOptions, videosOf } from '../base/videos';

const help = `Usage: tubelet frames FILE... [options]

Writes the frames that a model would see as one PNG a file, with their times.

Options:
  --output PNG     where to write; default NAME.frames.png in this folder
  --model NAME     sample as for this model (see tubelet classify --help)
${clipHelp}
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
  run: (args, session) => {
    const { values, files } = parse(args, {
      output: { type: 'string' },
      model: { type: 'string' },
      ...clipOptions,
      frames: { type: 'string' },
      stride: { type: 'string' },
      fps: { type: 'string' },
      json: { type: 'boolean' },
    });
    const videos = videosOf(files, values);
    const outputs = outputNames(videos, values.output);
    const options = {
      model: values.model,
      ...clipOf(values, session),
      frames: wholeNumber('frames', values.frames, mostFrames),
      stride: positiveNumber('stride', values.stride),
      fps: positiveNumber('fps', values.fps),
    };
    const asTable = session.interactive && values.json !== true;

    return eachVideo(videos, session, async (source, isFirst) => {
      const { name, video } = source;
      const output = outputs.get(source) ?? '';
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

/** One name for each video. Two must not be written to one file. */
function outputNames(videos: readonly Video[], output: string | undefined): Map<Video, string> {
  if (output !== undefined && videos.length > 1) throw new UsageError('--output takes one FILE');
  const names = new Map<Video, string>();
  for (const video of videos) {
    const name = output ?? `${stem(video)}.frames.png`;
    if ([...names.values()].includes(name)) throw new UsageError(`two files would be written to ${name}`);
    names.set(video, name);
  }
  return names;
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
    const reason = messageOf(error);
    throw new TubeletError('WRITE_FAILED', `cannot write ${path}: ${reason}`, { cause: error });
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
