/**
 * The parts of the tables that commands share.
 *
 * @module
 */
import type { ClipDetails, Provenance } from '../../results/results';
import type { Session } from './session';
import { milliseconds, printable, styled, timeline } from './text';

/** A file's name above its table. */
export function heading(file: string, session: Session): string {
  return styled(printable(file), 'bold', session.color);
}

/** What was read, what was odd about it, and by which model in which time, in quiet lines below a result. */
export function footer(result: Provenance, session: Session): string[] {
  return [...clipLines(result, session), ...viewLines(result, session), modelLine(result, session)];
}

/** Which model answered, and in which time. */
export function modelLine(
  { checkpoint, precision: used, milliseconds: spent }: Pick<Provenance, 'checkpoint' | 'precision' | 'milliseconds'>,
  session: Session,
): string {
  const { decode, prepare, infer } = spent;
  const { name, revision } = checkpoint;
  const version = revision === undefined ? '' : `@${revision.slice(0, 7)}`;
  const precision = used === 'fp32' ? '' : ` in ${used}`;
  const times = [
    `decode ${milliseconds(decode)}`,
    `prepare ${milliseconds(prepare)}`,
    `infer ${milliseconds(infer)} ms`,
  ];
  return quiet(`${printable(name)}${version}${precision}: ${times.join(', ')}`, session);
}

/** What was odd about a file, or about part of it. */
export function notes(warnings: readonly string[], session: Session): string[] {
  return warnings.map((warning) => quiet(`note: ${printable(warning)}`, session));
}

function viewLines({ views }: Provenance, session: Session): string[] {
  if (views === undefined) return [];
  const { clips, crops } = views;
  const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;
  return [quiet(`${clips * crops} views: ${count(clips, 'clip')} of ${count(crops, 'crop')} each`, session)];
}

/** What was read, and what was odd about it. */
export function clipLines(details: ClipDetails, session: Session): string[] {
  const { timestamps, clip, repeated, tooShort, toneMapped, warnings } = details;
  const note = [
    ...(repeated ? [', some repeated'] : []),
    ...(tooShort ? [', the video is shorter than the clip should be'] : []),
    ...(toneMapped ? [', brought from HDR to the standard range'] : []),
  ].join('');
  return [
    quiet(`${timestamps.length} frames from ${timeline(clip.start)} to ${timeline(clip.end)}${note}`, session),
    ...notes(warnings, session),
  ];
}

/** An indented line of lesser weight. */
export function quiet(line: string, session: Session): string {
  return styled(`  ${line}`, 'dim', session.color);
}
