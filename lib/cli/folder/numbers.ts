/**
 * What a run has done so far, for its progress and its summary.
 *
 * @module
 */
import type { TubeletErrorCode } from '../../base/errors';
import type { BatchSummary } from '../../batch/summary';

/** One of the items that took longest. */
export interface Slow {
  file: string;
  /** Spent decoding, preparing and in the model. */
  milliseconds: number;
}

/** What earlier runs have left finished. */
export interface Before {
  items: number;
  /** Those of them that failed. */
  failed: number;
}

/** A moment of a run. */
export interface Snapshot {
  /** Finished items, those of earlier runs among them. */
  items: number;
  /** Those of them that failed. */
  failed: number;
  /** Items in all, once they have been counted. */
  total: number | undefined;
  /** Over the last seconds. */
  itemsPerSecond: number;
  /** Seconds until all are finished, if that goes on. */
  remaining: number | undefined;
  /** The share of the last seconds, 0 to 1, in which the workers had something to do. */
  busy: BatchSummary['busy'];
  /** The file that has been in flight for longest. */
  current: string | undefined;
}

interface Sample {
  at: number;
  items: number;
  decode: number;
  infer: number;
}

const slowestShown = 3;

/** Milliseconds that a rate looks back, and between two moments that it may look back to. */
const window = 10_000;
const grain = 500;

/** Counts. Times are in milliseconds, as `performance.now()` has them. */
export class Numbers {
  /** Items in all, once they have been counted. */
  total: number | undefined;
  /** Items of this run that failed, by the error's code. */
  readonly failures: Partial<Record<TubeletErrorCode, number>> = {};
  /** The slowest items of this run, slowest first. */
  readonly slowest: Slow[] = [];
  /** Items of this run that are finished. */
  items = 0;
  /** Those of them that failed. */
  failed = 0;
  /** The newest that is older than the window, and those within it. */
  private readonly samples: [Sample, ...Sample[]];
  private ended: number | undefined;

  constructor(
    readonly before: Before,
    private readonly started = performance.now(),
  ) {
    this.samples = [{ at: started, items: 0, decode: 0, infer: 0 }];
  }

  /** Takes note of a result. */
  succeeded(slow: Slow): void {
    this.items++;
    const place = this.slowest.findIndex(({ milliseconds }) => milliseconds < slow.milliseconds);
    this.slowest.splice(place < 0 ? this.slowest.length : place, 0, slow);
    if (this.slowest.length > slowestShown) this.slowest.pop();
  }

  /** Takes note of an error. */
  hasFailed(code: TubeletErrorCode): void {
    this.items++;
    this.failed++;
    this.failures[code] = (this.failures[code] ?? 0) + 1;
  }

  /** Time stands still from now on. */
  end(now = performance.now()): void {
    this.ended ??= now;
  }

  /** How long this run has taken. */
  seconds(now = performance.now()): number {
    return ((this.ended ?? now) - this.started) / 1000;
  }

  /** How it stands. Call it often: rates are those since earlier calls. */
  at(now: number, { busy, seconds }: Pick<BatchSummary, 'busy' | 'seconds'>, current: string | undefined): Snapshot {
    const { before, total, samples } = this;
    const sample = { at: now, items: this.items, decode: busy.decode * seconds, infer: busy.infer * seconds };
    while (samples[1] !== undefined && now - samples[1].at >= window) samples.shift();
    const [{ at, items, decode, infer }] = samples;
    const elapsed = (now - at) / 1000;
    const share = (spent: number): number => (elapsed <= 0 ? 0 : Math.min(1, Math.max(0, spent / elapsed)));
    const itemsPerSecond = elapsed <= 0 ? 0 : (sample.items - items) / elapsed;
    const left = total === undefined ? undefined : Math.max(0, total - before.items - this.items);
    if (now - (samples.at(-1)?.at ?? 0) >= grain) samples.push(sample);
    return {
      items: before.items + this.items,
      failed: before.failed + this.failed,
      total,
      itemsPerSecond,
      remaining: left === undefined || itemsPerSecond === 0 ? undefined : left / itemsPerSecond,
      busy: { decode: share(sample.decode - decode), infer: share(sample.infer - infer) },
      current,
    };
  }
}
