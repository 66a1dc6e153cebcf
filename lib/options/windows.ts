/**
 * Windows over long video: the option.
 *
 * @module
 */
import { guarded } from '../base/callbacks';
import { type Rule, type Values, describe, group, invalid, positive } from '../base/rules';
import type { NativeWindows } from '../native/binding';
import type { ModelSampling } from '../sampling/sampling';

/** Windows of one length at equal distances, in seconds. docs/windows.md says which there are. */
export interface WindowOptions {
  /** How long a window is. */
  length: number;
  /** From the start of a window to that of the next. Default: `length`, so that each begins where the last one ends. */
  stride?: number | undefined;
}

/**
 * The options of a call, of which the compiler infers `O`. They are then checked against `Options`, so that a mistyped one
 * is reported as if there were no `O`.
 */
export type OptionsAs<O, Options> = [O] extends [Options] ? Options : O;

/** What a call with the options `O` returns: `Windowed` with `windows`, else `Whole`; either where `O` leaves it open. */
export type ResultOf<O, Whole, Windowed> = O extends unknown
  ? 'windows' extends keyof O
    ? ByWindows<O['windows'], Whole, Windowed>
    : Whole
  : never;

type ByWindows<W, Whole, Windowed> = W extends undefined ? Whole : Windowed;

/** Longer than any video. */
const longest = 1e9;

const fields = group({ length: positive(longest), stride: positive(longest) });

/** @internal */
export const windowsRule: Rule<WindowOptions> = {
  allowed: 'an object such as { length: 10, stride: 5 }',
  accepts: (value): value is WindowOptions => fields.accepts(value),
  copy: (value, what) => {
    const { length, stride } =
      fields.copy?.(value as Values<{ length: Rule<number>; stride: Rule<number> }>, what) ?? value;
    if (length === undefined) throw invalid(`${what}: say how long a window is, such as { length: 10 }`);
    return { length, stride };
  },
};

/**
 * Refuses windows together with a choice of frames that is one for the whole video.
 *
 * @throws TubeletError INVALID_ARGUMENT
 */
export function checkWindows(
  caller: string,
  { windows, sampling }: { windows?: WindowOptions | undefined; sampling?: ModelSampling | undefined },
): void {
  if (windows === undefined || sampling === undefined) return;
  const isList = typeof sampling === 'object' && ('timestamps' in sampling || 'indices' in sampling);
  if (sampling !== 'paper' && !isList) return;
  const chosen = isList ? describe(sampling) : `'${sampling}'`;
  throw invalid(`${caller}: the sampling ${chosen} chooses frames of the whole video: it goes without 'windows'`);
}

/**
 * The caller's own `onWindow`, as what is called with each window.
 *
 * @throws TubeletError INVALID_ARGUMENT: there are no windows.
 */
export function windowListener<W>(
  caller: string,
  { windows, onWindow }: { windows?: WindowOptions | undefined; onWindow?: ((window: W) => void) | undefined },
): ((window: W) => void) | undefined {
  if (onWindow === undefined) return undefined;
  if (windows !== undefined) return guarded(caller, 'onWindow', onWindow);
  throw invalid(`${caller}: 'onWindow' hears of windows: say how long they are, such as windows: { length: 10 }`);
}

/** The native side's windows. */
export function toNativeWindows({ length, stride = length }: WindowOptions): NativeWindows {
  return { length, stride };
}
