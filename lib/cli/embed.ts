/**
 * `tubelet embed`: a vector for each video.
 *
 * @module
 */
import type { EmbedResult } from '../results';
import { deviceName, parse } from './arguments';
import { type Command, optionHelp } from './command';
import { withModel } from './model';
import { footer, heading, jsonLine } from './output';
import { type Session, eachVideo } from './session';
import { right } from './text';
import { clipHelp, clipOf, clipOptions, videosOf } from './videos';

const help = `Usage: tubelet embed FILE... [options]

Turns each video into a vector, such that similar videos lie close together.
The vector itself is in the JSON; a terminal shows its beginning.

Options:
${optionHelp.model}
${optionHelp.device}
  --normalize      scale vectors to length 1: a dot product is then the cosine
${clipHelp}
${optionHelp.json}

Examples:
  tubelet embed clip.mp4 --model motion-videomae
  tubelet embed *.mp4 --normalize --json > vectors.jsonl`;

export const embed: Command = {
  summary: 'turn each video into a vector',
  help,
  run: async (args, session) => {
    const { values, files } = parse(args, {
      model: { type: 'string' },
      device: { type: 'string' },
      normalize: { type: 'boolean' },
      ...clipOptions,
      json: { type: 'boolean' },
    });
    const videos = videosOf(files, values);
    const options = {
      normalize: values.normalize,
      ...clipOf(values, session),
    };
    const device = deviceName(values.device);
    const asTable = session.interactive && values.json !== true;

    return withModel(
      values.model,
      session,
      (model) =>
        eachVideo(videos, session, async ({ name, video }, isFirst) => {
          const result = await model.embed(video, options);
          session.print(asTable ? report(name, result, session, isFirst) : jsonLine(name, result));
        }),
      { device },
    );
  },
};

const shown = 6;

function report(file: string, result: EmbedResult, session: Session, isFirst: boolean): string {
  const { data } = result;
  const length = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0));
  const beginning = Array.from(data.subarray(0, shown), (value) => right(value.toFixed(4), 8)).join(' ');
  const ellipsis = data.length > shown ? (session.unicode ? ' …' : ' ...') : '';
  const lines = [
    heading(file, session),
    `  ${data.length} numbers, length ${length.toFixed(4)}`,
    ` ${beginning}${ellipsis}`,
    ...footer(result, session),
  ];
  return (isFirst ? '' : '\n') + lines.join('\n');
}
