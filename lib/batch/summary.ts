/**
 * What a batch has done so far.
 *
 * @module
 */
import type { TubeletErrorCode } from '../base/errors';
import type { NativeQueue, NativeWorkers } from '../native/binding';

/** See {@link Batch.summary}. */
export interface BatchSummary {
  /** Items that are finished, with a result or an error. */
  items: number;
  /** Those with an error, by its code. */
  failures: Partial<Record<TubeletErrorCode, number>>;
  /** Since the first item was asked for; until the end, once that has been reached. */
  seconds: number;
  itemsPerSecond: number;
  /** The share of the workers' time, 0 to 1, in which they had something to do. */
  busy: { decode: number; infer: number };
  /** Items in flight: waiting or being copied, being decoded, decoded, in a forward pass. */
  queue: { waiting: number; decoding: number; ready: number; inferring: number };
}

/** Nothing in flight, no time spent. */
export const idleQueue: NativeQueue = { waiting: 0, ingesting: 0, ready: 0, inferring: 0, ingestMs: 0, inferMs: 0 };

/** Counts what a batch does. */
export class Tally {
  private started: number | undefined;
  private ended: number | undefined;
  private items = 0;
  private readonly failures: Partial<Record<TubeletErrorCode, number>> = {};

  start(): void {
    this.started = performance.now();
  }

  end(): void {
    this.ended = performance.now();
  }

  finished(code?: TubeletErrorCode): void {
    this.items++;
    if (code !== undefined) this.failures[code] = (this.failures[code] ?? 0) + 1;
  }

  /**
   * @param inFlight - Items begun and not finished.
   * @param queue - What the workers are at.
   */
  summary(inFlight: number, queue: NativeQueue, workers: Pick<NativeWorkers, 'decode' | 'infer'>): BatchSummary {
    const milliseconds = this.started === undefined ? 0 : (this.ended ?? performance.now()) - this.started;
    const share = (spent: number, threads: number): number =>
      milliseconds === 0 ? 0 : Math.min(1, spent / (milliseconds * threads));
    const { ingesting, ready, inferring, ingestMs, inferMs } = queue;
    return {
      items: this.items,
      failures: { ...this.failures },
      seconds: milliseconds / 1000,
      itemsPerSecond: milliseconds === 0 ? 0 : (this.items * 1000) / milliseconds,
      busy: { decode: share(ingestMs, workers.decode), infer: share(inferMs, workers.infer) },
      queue: { waiting: Math.max(0, inFlight - ingesting - ready - inferring), decoding: ingesting, ready, inferring },
    };
  }
}
