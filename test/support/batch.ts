import { Batch, type BatchPlan, type WorkerPool } from '#lib/batch/batch';
import { readInputs } from '#lib/batch/inputs';
import { idleQueue } from '#lib/batch/summary';
import { withCallSite } from '#lib/base/errors';
import type { NativeQueue } from '#lib/native/binding';

/** Work that is finished when the test says so. */
export class FakePool implements WorkerPool<string> {
  readonly begun: unknown[] = [];
  readonly signals: AbortSignal[] = [];
  queue: NativeQueue = idleQueue;
  opened = 0;
  closed = 0;
  /** Settles `close`. */
  release: () => void = () => undefined;
  private readonly pending = new Map<unknown, { resolve: (result: string) => void; reject: (error: Error) => void }>();

  constructor(private readonly slowToClose = false) {}

  work(input: unknown, signal: AbortSignal): Promise<string> {
    this.begun.push(input);
    this.signals.push(signal);
    return new Promise((resolve, reject) => {
      this.pending.set(input, { resolve, reject });
      signal.addEventListener('abort', () => {
        reject(new Error('aborted'));
      });
    });
  }

  finish(...inputs: unknown[]): void {
    for (const input of inputs) this.pending.get(input)!.resolve(`${String(input)} done`);
  }

  fail(input: unknown, error: Error): void {
    this.pending.get(input)!.reject(error);
  }

  close(): Promise<void> {
    this.closed++;
    return this.slowToClose ? new Promise((done) => (this.release = done)) : Promise.resolve();
  }
}

/** Work that is finished at once. */
export class QuickPool extends FakePool {
  override work(input: unknown, signal: AbortSignal): Promise<string> {
    const work = super.work(input, signal);
    this.finish(input);
    return work;
  }
}

export function startBatch(
  pool: FakePool,
  inputs: Iterable<unknown> | AsyncIterable<unknown>,
  plan: Partial<BatchPlan<string>> = {},
): Batch<unknown, string> {
  return new Batch<unknown, string>({
    inputs: readInputs('classifyAll', inputs),
    open: () => {
      pool.opened++;
      return pool;
    },
    order: 'input',
    concurrency: 2,
    workers: { decode: 1, infer: 1 },
    signal: undefined,
    site: withCallSite((site) => site),
    ...plan,
  });
}

/** Numbers from 0 on, counted as they are asked for. */
export class Counting {
  asked = 0;
  returned = 0;

  constructor(private readonly count = Infinity) {}

  private next(): IteratorResult<number, undefined> {
    const value = this.asked++;
    return value < this.count ? { done: false, value } : { done: true, value: undefined };
  }

  sync(): Iterable<number> {
    return {
      [Symbol.iterator]: () => ({
        next: () => this.next(),
        return: () => {
          this.returned++;
          return { done: true, value: undefined };
        },
      }),
    };
  }

  async(): AsyncIterable<number> {
    return {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          await turn();
          return this.next();
        },
        return: () => {
          this.returned++;
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    };
  }
}

/** A turn of the event loop, in which everything that can go on has gone on. */
export function turn(): Promise<void> {
  return new Promise((done) => setImmediate(done));
}

export async function turns(count = 10): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}
