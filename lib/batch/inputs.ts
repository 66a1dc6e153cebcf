/**
 * The inputs of a batch, one at a time.
 *
 * @module
 */
import { describe, invalid } from '../base/rules';
import { type AnyStream, isStream, readChunks } from '../base/streams';
import { isBytes } from '../inputs/bytes';

/** Inputs in turn. Nothing is read ahead of `next`, beyond what a stream itself does. */
export interface InputReader {
  /** The next one: at once where the inputs are at hand. May throw. */
  next(): InputResult | Promise<InputResult>;
  /** Ends the source, also while `next` is waiting; never throws. */
  stop(): void;
}

/** As iterators have it. */
export interface InputResult {
  done?: boolean | undefined;
  value?: unknown;
}

/**
 * Checks that there is something to iterate over, without touching it.
 *
 * @returns Begins to iterate.
 * @throws TubeletError INVALID_ARGUMENT: also for a string and for bytes, which are one video and not many.
 */
export function readInputs(caller: string, inputs: unknown): () => InputReader {
  if (typeof inputs !== 'string' && !isBytes(inputs)) {
    if (isStream(inputs)) return () => readStream(inputs);
    if (isIterable(inputs)) return () => readIterable(inputs);
  }
  const hint = typeof inputs === 'string' ? ': for one video pass [video]' : '';
  throw invalid(
    `${caller}: the inputs must be an array, an iterable or a stream of videos, got ${describe(inputs)}${hint}`,
  );
}

function readStream(stream: AnyStream): InputReader {
  const reader = readChunks(stream);
  return {
    next: async () => {
      const { done, value } = await reader.next();
      return { done, value };
    },
    stop: () => {
      reader.stop();
    },
  };
}

function readIterable(iterable: Iterable<unknown>): InputReader {
  const iterator = iterable[Symbol.iterator]();
  return {
    next: () => iterator.next(),
    stop: () => {
      try {
        iterator.return?.();
      } catch {
        // The caller hears of what stopped the reading, not of what came of that.
      }
    },
  };
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    Symbol.iterator in value &&
    typeof value[Symbol.iterator] === 'function'
  );
}
