/**
 * How an AbortSignal and a time limit reach the work.
 *
 * @module
 */
import { Aborted, TubeletError } from './errors';

/** Throws when the signal has been aborted already. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new Aborted(signal);
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

const timeUp = Symbol('time is up');

/**
 * Does work with a signal of its own, which is aborted when the caller's signal is or when the time is up.
 *
 * @throws TubeletError TIMEOUT
 */
export async function withinTime<T>(
  milliseconds: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort();
  };
  const timer = setTimeout(() => {
    controller.abort(timeUp);
  }, milliseconds);
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted === true) abort();
  try {
    return await work(controller.signal);
  } catch (error) {
    if (!(error instanceof Aborted) || error.signal !== controller.signal) throw error;
    if (signal !== undefined && controller.signal.reason !== timeUp) throw new Aborted(signal);
    throw new TubeletError(
      'TIMEOUT',
      `The call took longer than its option 'timeoutMs' allows, ${milliseconds} ms. Raise it, or make fewer calls at a time`,
    );
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}
