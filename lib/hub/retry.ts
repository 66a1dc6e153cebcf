/**
 * Trying again: what may pass, how often, and how long to wait.
 *
 * @module
 */
import { pause, throwIfAborted } from '../base/abort';
import { TubeletError, isSystemError } from '../base/errors';

const mostTries = 5;

/** Where nothing has been reached yet, a name that cannot be resolved or a closed port is seldom gone a second later. */
const mostFirstTries = 2;
const unreachable = ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ENETUNREACH', 'EHOSTUNREACH'];
const firstWait = 500;

/** What a server may ask for with `Retry-After`, in milliseconds. */
const longestWait = 60_000;

/** A failure that may be gone when one tries again: a busy server, a cut connection. */
export class TransientFailure extends Error {
  /** @param wait - Milliseconds that the server asked for. */
  constructor(
    reason: string,
    readonly wait = 0,
    cause?: unknown,
  ) {
    super(reason, { cause });
  }
}

/** Counts the failures of one piece of work. */
export class Retries {
  private failures = 0;

  /**
   * @param what - What is tried, for the message: `Cannot download ...`.
   * @param place - Whether it is the first request of all, which finds out whether there is a network.
   */
  constructor(
    private readonly what: string,
    private readonly signal: AbortSignal | undefined,
    private readonly place: 'first' | 'later' = 'later',
  ) {}

  /** Something was achieved since the last failure. */
  renew(): void {
    this.failures = 0;
  }

  /**
   * Waits until it is time to try again.
   *
   * @throws TubeletError DOWNLOAD_FAILED when it gives up; the error itself when it is not transient.
   */
  async after(error: unknown): Promise<void> {
    throwIfAborted(this.signal);
    if (!(error instanceof TransientFailure)) throw error;
    this.failures++;
    if (error.wait > longestWait) throw this.givenUp(error, `Try again in ${Math.ceil(error.wait / 1000)} s`);
    if (this.place === 'first' && this.failures >= mostFirstTries && isSystemError(error.cause, ...unreachable)) {
      throw this.givenUp(error, 'Check the network');
    }
    if (this.failures >= mostTries) {
      throw this.givenUp(error, `It was tried ${mostTries} times. What has arrived is kept: try again later`);
    }
    const wait = Math.max(error.wait, firstWait * 2 ** (this.failures - 1) * (0.75 + Math.random() / 2));
    await pause(wait, this.signal);
    throwIfAborted(this.signal);
  }

  /** Does work until it succeeds. */
  async until<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        await this.after(error);
      }
    }
  }

  private givenUp({ message, cause }: TransientFailure, advice: string): TubeletError {
    return new TubeletError('DOWNLOAD_FAILED', `Cannot ${this.what}: ${message}. ${advice}`, { cause });
  }
}

const passing = new Set([408, 429, 500, 502, 503, 504]);

/** Whether an answer says that another try may succeed. */
export function isTransient(status: number): boolean {
  return passing.has(status);
}

/** Milliseconds that an answer asks to wait for: `Retry-After` in seconds or as a date. */
export function retryAfter(headers: Headers): number {
  const value = headers.get('retry-after')?.trim() ?? '';
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? 0 : Math.max(0, date - Date.now());
}
