/**
 * What a call with windows returns, and the segments that windows make together.
 *
 * @module
 */
import { type Rule, callback } from '../base/rules';
import type { NativeOutput, NativeWindow } from '../native/binding';
import { type ClassifyResult, type ClipDetails, type EmbedResult, type Provenance, clipDetails } from './results';

/** What each window of a result says. Times in seconds from the start of the presentation. */
export interface WindowDetails extends ClipDetails {
  /** The window: the result is that of a call with this `start` and this `end`. */
  start: number;
  end: number;
  /** Time spent on this window. What it shares with windows before it is on their account. */
  milliseconds: Provenance['milliseconds'];
}

/** A window and its classes. */
export interface ClassifiedWindow extends WindowDetails, Pick<ClassifyResult, 'predictions' | 'logits'> {}

/** A window and its vector. */
export interface EmbeddedWindow extends WindowDetails, Pick<EmbedResult, 'data' | 'shape'> {}

/** Neighbouring windows of one class: what the video shows from when to when. */
export interface Segment {
  label: string;
  /** The class's number in the checkpoint, from 0. */
  index: number;
  /** Seconds. Where windows of different classes overlap, their segments meet in the middle of what they share. */
  start: number;
  end: number;
  /** The mean of the windows' scores for that class. */
  score: number;
}

/** Who hears of the windows of a call as they come. */
export interface WindowListener<W> {
  /**
   * Called with each window as soon as it is there, in their order, with the object that the result holds in the end. What
   * has come stays the caller's when the call ends early, by an abort, a time limit or an error. What it throws ends the
   * call with INVALID_ARGUMENT. Only together with `windows`. Default: none.
   */
  onWindow?: ((window: W) => void) | undefined;
}

/** @internal */
export const classifiedWindowRules = { onWindow: callback as Rule<(window: ClassifiedWindow) => void> };
/** @internal */
export const embeddedWindowRules = { onWindow: callback as Rule<(window: EmbeddedWindow) => void> };

/** What a call with windows did. */
export interface WindowsProvenance extends Pick<Provenance, 'checkpoint' | 'device' | 'precision'> {
  /** What a reader should know about the file as a whole; that about a window is with the window. */
  warnings: string[];
  /** Time spent on all windows together. */
  milliseconds: Provenance['milliseconds'];
}

/** What {@link classify} found with `windows`. */
export interface ClassifyWindowsResult extends WindowsProvenance, Pick<ClassifyResult, 'scores'> {
  windows: ClassifiedWindow[];
  /** The windows' best classes, neighbours of one class as one; in order, without overlap. */
  segments: Segment[];
}

/** What {@link embed} found with `windows`. */
export interface EmbedWindowsResult extends WindowsProvenance, Pick<EmbedResult, 'normalized'> {
  windows: EmbeddedWindow[];
}

/** The part that all windows share. */
export function windowDetails({ start, end, output }: NativeWindow): WindowDetails {
  return { start, end, ...clipDetails(output), milliseconds: millisecondsOf(output) };
}

/** The part that all results with windows share. */
export function windowsProvenance(
  windows: readonly WindowDetails[],
  warnings: string[],
  { checkpoint, device, precision }: Pick<Provenance, 'checkpoint' | 'device' | 'precision'>,
): WindowsProvenance {
  const milliseconds = { decode: 0, prepare: 0, infer: 0 };
  for (const { milliseconds: own } of windows) {
    milliseconds.decode += own.decode;
    milliseconds.prepare += own.prepare;
    milliseconds.infer += own.infer;
  }
  return { checkpoint: { ...checkpoint }, device, precision, warnings, milliseconds };
}
function millisecondsOf({ decodeMs, prepareMs, inferMs }: NativeOutput): Provenance['milliseconds'] {
  return { decode: decodeMs, prepare: prepareMs, infer: inferMs };
}

/** Neighbouring windows of the same best class as one; see {@link Segment}. */
export function segmentsOf(windows: readonly Pick<ClassifiedWindow, 'start' | 'end' | 'predictions'>[]): Segment[] {
  const segments: (Segment & { windows: number })[] = [];
  for (const { start, end, predictions } of windows) {
    const [best] = predictions;
    const last = segments.at(-1);
    if (best === undefined) continue;
    if (last?.index === best.index) {
      last.end = end;
      last.windows++;
      last.score += (best.score - last.score) / last.windows;
      continue;
    }
    const meeting = last !== undefined && last.end > start ? (start + last.end) / 2 : undefined;
    if (last !== undefined && meeting !== undefined) last.end = meeting;
    segments.push({ ...best, start: meeting ?? start, end, windows: 1 });
  }
  return segments.map(({ label, index, start, end, score }) => ({ label, index, start, end, score }));
}
