/**
 * Waiting for native work.
 *
 * @module
 */
import { onAbort, throwIfAborted } from '../base/abort';
import { Aborted, isCancelled } from '../base/errors';
import { plainCopy } from '../base/plain';
import type { NativeTask } from './binding';

/**
 * Starts a native task and waits for it. An abort cancels the task, which rejects at once; the native work stops at its
 * next check. With a signal that is aborted already nothing is started.
 */
export async function runTask<T>(start: () => NativeTask<T>, signal?: AbortSignal): Promise<T> {
  throwIfAborted(signal);
  const task = start();
  const stop = onAbort(signal, () => {
    task.cancel();
  });
  try {
    return plainCopy(await task.promise);
  } catch (error) {
    if (signal?.aborted === true && isCancelled(error)) throw new Aborted(signal);
    throw error;
  } finally {
    stop();
  }
}
