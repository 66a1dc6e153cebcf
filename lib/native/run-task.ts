/**
 * Waiting for native work.
 *
 * @module
 */
import { throwIfAborted } from '../base/abort';
import { Aborted, isCancelled } from '../base/errors';
import { plainCopy } from '../base/plain';
import type { NativeTask } from './binding';

/**
 * Starts a native task and waits for it. An abort cancels the task, which rejects at once; the native work stops at its
 * next check. With a signal that is aborted already nothing is started. The listener is removed in every case, so that
 * one long-lived signal may serve any number of calls.
 */
export async function runTask<T>(start: () => NativeTask<T>, signal?: AbortSignal): Promise<T> {
  throwIfAborted(signal);
  const task = start();
  if (signal === undefined) return plainCopy(await task.promise);

  const cancel = (): void => {
    task.cancel();
  };
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return plainCopy(await task.promise);
  } catch (error) {
    if (signal.aborted && isCancelled(error)) throw new Aborted(signal);
    throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}
