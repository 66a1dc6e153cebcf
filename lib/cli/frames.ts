/**
 * `tubelet frames`: the frames that a model would see, as one picture a file.
 *
 * @module
 */
import { writeFile } from 'node:fs/promises';
import { parse as parsePath } from 'node:path';

import { PNG } from 'pngjs';

import { TubeletError } from '../errors';
import { type ReadFramesResult, readFrames } from '../frames';
import { mostFrames } from '../sampling';
import { UsageError, parse, positiveNumber, samplingMode, wholeNumber } from './arguments';
import { type Command, optionHelp } from './command';
import { clipLines, heading, jsonLine } from './output';
import { type Session, eachFile } from './session';
import { type Picture, contactSheet } from './sheet';
import { printable } from './text';

const help = `Usage: tubelet frames FILE... [options]

Writes the frames that a model would see as one PNG a file, with their times.

Options:
  --output PNG     where to write; default NAME.frames.png in this folder
  --model NAME     sample as for this model (see tubelet classify --help)
${optionHelp.sampling}
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
      sampling: { type: 'string' },
      frames: { type: 'string' },
      stride: { type: 'string' },
      fps: { type: 'string' },
      json: { type: 'boolean' },
    });
    const outputs = outputNames(files, values.output);
    const options = {
      model: values.model,
      sampling: samplingMode(values.sampling),
      frames: wholeNumber('frames', values.frames, mostFrames),
      stride: positiveNumber('stride', values.stride),
      fps: positiveNumber('fps', values.fps),
      signal: session.signal,
    };
    const asTable = session.interactive && values.json !== true;

    return eachFile(files, session, async (file, isFirst) => {
      const output = outputs.get(file) ?? '';
      const clip = await readFrames(file, options);
      const sheet = contactSheet(clip);
      await writePng(output, sheet);
      session.print(
        asTable
          ? report(file, output, sheet, clip, session, isFirst)
          : jsonLine(file, { output, ...clip, data: undefined }),
      );
    });
  },
};

/** One name for each file. Two files must not be written to one. */
function outputNames(files: readonly string[], output: string | undefined): Map<string, string> {
  if (output !== undefined && files.length > 1) throw new UsageError('--output takes one FILE');
  const names = new Map<string, string>();
  for (const file of files) {
    const name = output ?? `${parsePath(file).name}.frames.png`;
    if ([...names.values()].includes(name)) throw new UsageError(`two files would be written to ${name}`);
    names.set(file, name);
  }
  return names;
}

async function writePng(path: string, { data, width, height }: Picture): Promise<void> {
  const rgb = { colorType: 2, inputColorType: 2, inputHasAlpha: false } as const;
  const png = new PNG({ width, height, ...rgb });
  png.data = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  try {
    await writeFile(path, PNG.sync.write(png, rgb));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
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
