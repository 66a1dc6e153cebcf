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

type Callback = () => void;

interface Waiters {
  callbacks: Set<Callback>;
  /** The signal's one listener. */
  tell: Callback;
}

/** Who waits for which signal: Node warns of a signal with many listeners, and searches all of them at each change. */
const waiting = new WeakMap<AbortSignal, Waiters>();

/** Each callback may end a call, and whoever made that call then has work to do. */
const mostATurn = 100;

/**
 * Calls `callback` once the signal is aborted; at once when it has been already. A signal has one listener, however many
 * wait for it, until the last of them has left. They are called in the order in which they came, over several turns of the
 * event loop. What a callback throws is an uncaught exception and stops no other.
 *
 * @param callback - A function of its own for each wait.
 * @returns Ends the wait.
 */
export function onAbort(signal: AbortSignal | undefined, callback: Callback): () => void {
  if (signal === undefined) return () => undefined;
  if (signal.aborted) {
    callback();
    return () => undefined;
  }
  const waiters = waiting.get(signal) ?? listenTo(signal);
  const { callbacks, tell } = waiters;
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
    if (callbacks.size > 0 || waiting.get(signal) !== waiters) return;
    waiting.delete(signal);
    signal.removeEventListener('abort', tell);
  };
}

function listenTo(signal: AbortSignal): Waiters {
  const callbacks = new Set<Callback>();
  const tell = (): void => {
    waiting.delete(signal);
    tellSome(callbacks);
  };
  const waiters = { callbacks, tell };
  waiting.set(signal, waiters);
  signal.addEventListener('abort', tell, { once: true });
  return waiters;
}

function tellSome(callbacks: Set<Callback>): void {
  let left = mostATurn;
  for (const callback of callbacks) {
    if (left-- === 0) {
      setImmediate(tellSome, callbacks);
      return;
    }
    callbacks.delete(callback);
    try {
      callback();
    } catch (error) {
      process.nextTick(() => {
        throw error; // as Node does with what a listener throws
      });
    }
  }
}

/** Waits for work that others wait for as well, or that cannot be stopped: an abort ends the waiting, not the work. */
export async function abortable<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return work;

  let stop: () => void = () => undefined;
  const abort = new Promise<never>((_resolve, reject) => {
    stop = onAbort(signal, () => {
      reject(new Aborted(signal));
    });
  });
  try {
    return await Promise.race([abort, work]);
  } finally {
    stop();
  }
}

/** Waits so many milliseconds, or until the signal is aborted. */
export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  let stop: () => void = () => undefined;
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
    stop = onAbort(signal, resolve);
  });
  clearTimeout(timer);
  stop();
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
  const timer = setTimeout(() => {
    controller.abort(timeUp);
  }, milliseconds);
  const stop = onAbort(signal, () => {
    controller.abort();
  });
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
    stop();
  }
}
