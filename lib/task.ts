/**
 * How an AbortSignal reaches native work.
 *
 * @module
 */
import type { NativeTask } from './binding';
import { Aborted, isCancelled } from './errors';

/** Throws when the signal has been aborted already. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new Aborted(signal);
}

/**
 * Starts a native task and waits for it. An abort cancels the task, which rejects at once; the native work stops at its
 * next check. With a signal that is aborted already nothing is started. The listener is removed in every case, so that
 * one long-lived signal may serve any number of calls.
 */
export async function runTask<T>(start: () => NativeTask<T>, signal?: AbortSignal): Promise<T> {
  throwIfAborted(signal);
  const task = start();
  if (signal === undefined) return task.promise;

  const cancel = (): void => {
    task.cancel();
  };
  signal.addEventListener('abort', cancel, { once: true });
  try {
    return await task.promise;
  } catch (error) {
    if (signal.aborted && isCancelled(error)) throw new Aborted(signal);
    throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

/** Waits for work that others wait for as well, or that cannot be stopped: an abort ends the waiting, not the work. */
export async function abortable<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return work;

  let stopWaiting: () => void = () => undefined;
  const abort = new Promise<never>((_resolve, reject) => {
    stopWaiting = () => {
      reject(new Aborted(signal));
    };
  });
  signal.addEventListener('abort', stopWaiting, { once: true });
  if (signal.aborted) stopWaiting();
  try {
    return await Promise.race([abort, work]);
  } finally {
    signal.removeEventListener('abort', stopWaiting);
  }
}
