/**
 * `tubelet probe`: what each file says about itself.
 *
 * @module
 */
import { type ProbeResult, type StreamDetails, probe as probeVideo } from '../../api/probe';
import { jsonLine } from '../../results/json-line';
import { parse } from '../base/arguments';
import { type Command, optionHelp } from '../base/command';
import { heading } from '../base/output';
import { type Session, eachVideo, fileFailure } from '../base/session';
import { left, printable, seconds, timeline } from '../base/text';
import { readingHelp, readingOf, readingOptions } from '../base/videos';
import { listHelp, listOf, listOptions } from '../folder/options';

const help = `Usage: tubelet probe FILE... [options]

Prints what the headers of each video say; nothing is decoded.

Options:
${readingHelp}
${listHelp}
${optionHelp.json}

Examples:
  tubelet probe clip.mp4
  tubelet probe *.mp4 --json`;

export const probe: Command = {
  summary: 'print container, codec, size, frame rate, duration, colour and streams',
  help,
  run: (args, session) => {
    const { values, files } = parse(args, { ...readingOptions, ...listOptions, json: { type: 'boolean' } });
    const videos = listOf(files, values, session.signal);
    const options = readingOf(values, session);
    const asTable = session.interactive && values.json !== true;
    return eachVideo(videos, session, asTable ? undefined : fileFailure, async ({ name, video }, isFirst) => {
      const result = await probeVideo(video, options);
      session.print(asTable ? report(name, result, session, isFirst) : jsonLine(name, result));
    });
  },
};

function report(file: string, result: ProbeResult, session: Session, isFirst: boolean): string {
  const rows = fields(result).map(([name, value]) => `  ${left(name, nameWidth)}  ${printable(value)}`);
  return (isFirst ? '' : '\n') + [heading(file, session), ...rows].join('\n');
}

const nameWidth = 'pixel aspect'.length;

function fields(result: ProbeResult): [string, string][] {
  const { width, height, codedWidth, codedHeight, rotation, mirrored, color } = result;
  const turned = rotation !== 0 || mirrored;
  const isCodedOtherwise = width !== codedWidth || height !== codedHeight;
  return [
    ['container', result.container],
    ['codec', `${result.codec}, ${result.pixelFormat}`],
    ['size', `${width} x ${height}${isCodedOtherwise ? `, coded as ${codedWidth} x ${codedHeight}` : ''}`],
    ...(turned ? [row('rotation', `${rotation} degrees${mirrored ? ', mirrored' : ''}`)] : []),
    ...(result.sampleAspectRatio === 1 ? [] : [row('pixel aspect', result.sampleAspectRatio.toFixed(4))]),
    ['frame rate', result.fps === null ? 'not stated' : `${Number(result.fps.toFixed(3))} a second`],
    ['duration', result.duration === null ? 'not stated' : duration(result.duration)],
    ['colour', `${color.matrix}, range ${color.range}, primaries ${color.primaries}, transfer ${color.transfer}`],
    ['bytes', String(result.bytes)],
    ...result.streams.map((stream, index) => row(index === 0 ? 'streams' : '', streamText(stream, result.streamIndex))),
  ];
}

function duration(value: number): string {
  return value < 60 ? seconds(value) : `${seconds(value)} (${timeline(value)})`;
}

function row(name: string, value: string): [string, string] {
  return [name, value];
}

function streamText({ index, type, codec, isDefault, attachedPicture }: StreamDetails, read: number): string {
  const notes = [
    ...(isDefault ? ['default'] : []),
    ...(attachedPicture ? ['attached picture'] : []),
    ...(index === read ? ['the one that is read'] : []),
  ];
  return `${index}: ${type}, ${codec}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}`;
}
