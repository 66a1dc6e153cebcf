/**
 * The way of a video from a public function's argument to native code.
 *
 * @module
 */
import { withinTime } from '../base/abort';
import type { NativeInput } from '../native/binding';
import { type ReadingRequest, limitsOf, timeoutOf } from '../options/reading';
import { type Input, readInput } from './recognise';
import { spool } from './spool';

/**
 * Checks a video, makes it readable for native code and lends it, all within the time that the options allow.
 *
 * @param caller - The public function's name, for messages.
 * @param video - What the caller of that function passed.
 * @param use - Called at once where the video need not be copied first, so that calls keep their order. Its signal is
 *   aborted when the caller's is and when the time is up.
 * @throws TubeletError INVALID_ARGUMENT, READ_FAILED, WRITE_FAILED, LIMIT_EXCEEDED, TIMEOUT, and what `use` throws
 */
export function withVideo<T>(
  caller: string,
  video: unknown,
  reading: ReadingRequest,
  use: (input: NativeInput, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const input = readInput(caller, video);
  return withinTime(timeoutOf(reading), reading.signal, (signal) =>
    'native' in input ? use(input.native, signal) : useCopy(input, limitsOf(reading).bytes, signal, use),
  );
}

async function useCopy<T>(
  { name, open }: Exclude<Input, { native: NativeInput }>,
  limit: number,
  signal: AbortSignal,
  use: (input: NativeInput, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const opened = open(limit, signal);
  const reader = 'then' in opened ? await opened : opened; // a stream that is open already may fail at any time
  const file = await spool(reader, { name, limit, signal });
  try {
    return await use({ kind: 'file', path: file.path, name }, signal);
  } finally {
    await file.close();
  }
}
