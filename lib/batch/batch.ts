/**
 * Many videos through one model.
 *
 * @module
 */
import { isPromise } from 'node:util/types';

import { onAbort } from '../base/abort';
import type { CallSite, TubeletError } from '../base/errors';
import type { NativeQueue, NativeWorkers } from '../native/binding';
import { FinishedItems, type Order } from './finished-items';
import type { InputReader, InputResult } from './inputs';
import { type BatchSummary, Tally, idleQueue } from './summary';

/** One input of a batch and what became of it. */
export type BatchItem<I, R> =
  | { input: I; index: number; result: R; error?: undefined }
  | { input: I; index: number; result?: undefined; error: TubeletError };

/** Who does the work of a batch. */
export interface WorkerPool<R> {
  /** One item. Rejects with DISPOSED when the model was disposed, which ends the batch. */
  work(input: unknown, signal: AbortSignal): Promise<R>;
  readonly queue: NativeQueue;
  /** Settles when nothing runs any more. */
  close(): Promise<void>;
}

/** Before the first item is asked for. */
const notOpen: WorkerPool<never> = {
  work: () => Promise.reject(new Error('The batch has not begun')),
  queue: idleQueue,
  close: () => Promise.resolve(),
};

/** All that a batch needs to begin. */
export interface BatchPlan<R> {
  inputs: () => InputReader;
  /** May throw. */
  open: () => WorkerPool<R>;
  order: Order;
  concurrency: number;
  workers: Pick<NativeWorkers, 'decode' | 'infer'>;
  signal: AbortSignal | undefined;
  site: CallSite;
}

type Result<I, R> = IteratorResult<BatchItem<I, R>, undefined>;

interface Waiter<I, R> {
  resolve(result: Result<I, R>): void;
  reject(reason: unknown): void;
}

/**
 * The items of {@link Model.classifyAll} or {@link Model.embedAll}: iterate over it with `for await`, or hand it to
 * `stream.pipeline` or `Readable.from`.
 *
 * Nothing is read before the first item is asked for. From then on up to `concurrency` items are in flight, so that a
 * consumer who stops asking stops the work. To leave early, `break`, `return()`, `await using` or the signal cancel what
 * is in flight and end the inputs; `return()` settles when nothing runs any more.
 *
 * An item that fails has an `error`; the others go on. The iteration itself rejects, after the items that were finished,
 * when the inputs throw (with their error) and when the model is disposed (with DISPOSED; inputs that were in flight
 * and not yet in a forward pass then give no item); and at once, with the signal's reason, when it is aborted.
 */
export class Batch<I, R> implements AsyncIterableIterator<BatchItem<I, R>, undefined>, AsyncDisposable {
  readonly #plan: BatchPlan<R>;
  readonly #finished: FinishedItems<BatchItem<I, R>>;
  readonly #tally = new Tally();
  readonly #abort = new AbortController();
  readonly #waiters: Waiter<I, R>[] = [];
  #inputs: InputReader | undefined; // until there are no more
  #pool: WorkerPool<R> = notOpen;
  #spent = idleQueue; // what the pool was at when it closed
  #closing: Promise<void> | undefined;
  #failure: { reason: unknown } | undefined; // to be thrown at the end
  #started = false;
  #over = false;
  #reading = false;
  #begun = 0;
  #inFlight = 0; // begun and not finished
  #held = 0; // begun and not taken
  #burst = 0; // begun in this turn of the event loop
  #stopListening = (): void => undefined;

  /** @internal Use {@link Model.classifyAll} or {@link Model.embedAll}. */
  constructor(plan: BatchPlan<R>) {
    this.#plan = plan;
    this.#finished = new FinishedItems(plan.order);
  }

  /** What has been done so far, and where the items in flight are. May be read at any time, also after the end. */
  get summary(): BatchSummary {
    const queue = this.#over ? this.#spent : this.#pool.queue;
    return this.#tally.summary(this.#over ? 0 : this.#inFlight, queue, this.#plan.workers);
  }

  /** The next item. May be called again before the one before has settled. */
  next(): Promise<Result<I, R>> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.#start();
      this.#advance();
    });
  }

  /** Ends the batch: cancels what is in flight, drops what is finished, and ends the inputs. */
  async return(): Promise<Result<I, R>> {
    this.#failure = undefined;
    this.#end();
    await this.#closing;
    return { done: true, value: undefined };
  }

  /** The same, and rejects with `error`. */
  async throw(error: unknown): Promise<Result<I, R>> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #start(): void {
    if (this.#started || this.#over) return;
    this.#started = true;
    this.#tally.start();
    const { signal, open, inputs, site } = this.#plan;
    if (signal?.aborted === true) {
      this.#onAbort();
      return;
    }
    this.#stopListening = onAbort(signal, this.#onAbort);
    try {
      this.#pool = open();
    } catch (error) {
      this.#fail(site.attach(error));
      return;
    }
    try {
      this.#inputs = inputs();
    } catch (error) {
      this.#fail(error);
    }
  }

  readonly #onAbort = (): void => {
    this.#fail(this.#plan.signal?.reason);
    this.#end();
  };

  /** No more inputs; what is in flight goes on, and then the iteration rejects. */
  #fail(reason: unknown): void {
    this.#failure ??= { reason };
    const inputs = this.#inputs;
    this.#inputs = undefined;
    inputs?.stop();
  }

  /** Hands over what is finished, begins what there is room for, and sees whether that was all. */
  #advance(): void {
    if (!this.#over) {
      this.#serve();
      this.#read();
      if (this.#started && this.#inputs === undefined && this.#held === 0) this.#end();
    }
    if (this.#over) this.#dismiss();
  }

  #serve(): void {
    while (this.#waiters.length > 0) {
      const item = this.#finished.take();
      if (item === undefined) return;
      this.#held--;
      this.#waiters.shift()?.resolve({ done: false, value: item });
    }
  }

  /** One input at a time, and only when there is room for it. */
  #read(): void {
    const { concurrency } = this.#plan;
    while (this.#inputs !== undefined && !this.#reading && this.#held < concurrency && this.#burst < concurrency) {
      this.#reading = true;
      try {
        const result = this.#inputs.next();
        if (isPromise(result)) {
          result.then(this.#onInput, this.#onInputFailure);
          return;
        }
        this.#accept(result);
      } catch (error) {
        this.#refuse(error);
      }
    }
  }

  readonly #onInput = (result: InputResult): void => {
    this.#accept(result);
    this.#advance();
  };

  readonly #onInputFailure = (error: unknown): void => {
    this.#refuse(error);
    this.#advance();
  };

  #accept({ done, value }: InputResult): void {
    this.#reading = false;
    if (done === true) this.#inputs = undefined;
    else this.#begin(value as I);
  }

  /** An iterator that has thrown is at its end. */
  #refuse(error: unknown): void {
    this.#reading = false;
    this.#inputs = undefined;
    this.#failure ??= { reason: error };
  }

  #begin(input: I): void {
    const index = this.#begun++;
    this.#held++;
    this.#inFlight++;
    void this.#work(input, index).then((item) => {
      this.#inFlight--;
      if (this.#over) return;
      if (item === undefined) {
        this.#held--;
        this.#finished.leaveOut(index);
      } else {
        this.#tally.finished(item.error?.code);
        this.#finished.put(index, item);
      }
      this.#advance();
    });
    // Items that fail at once would follow one another without the event loop ever getting its turn.
    if (this.#burst++ === 0) setImmediate(this.#onTurn);
  }

  readonly #onTurn = (): void => {
    this.#burst = 0;
    this.#advance();
  };

  /** Nothing when the item is not to be: the batch is over, or the model gone. */
  async #work(input: I, index: number): Promise<BatchItem<I, R> | undefined> {
    try {
      // Also after the end, which came while this input was: a stream is then ended, and nothing else begun.
      const result = await this.#pool.work(input, this.#abort.signal);
      return { input, index, result };
    } catch (error) {
      if (this.#over) return undefined;
      const typed = this.#plan.site.attach(error);
      if (typed.code !== 'DISPOSED') return { input, index, error: typed };
      this.#fail(typed);
      return undefined;
    }
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#tally.end();
    this.#stopListening();
    this.#abort.abort();
    this.#inputs?.stop();
    this.#inputs = undefined;
    this.#finished.clear();
    const { ingestMs, inferMs } = this.#pool.queue;
    this.#spent = { ...idleQueue, ingestMs, inferMs };
    this.#closing = this.#pool.close();
    this.#dismiss();
  }

  /** Tells those who wait that it is over, and why. */
  #dismiss(): void {
    if (this.#waiters.length === 0) return;
    const failure = this.#failure;
    this.#failure = undefined;
    for (const waiter of this.#waiters.splice(0)) {
      if (failure === undefined) waiter.resolve({ done: true, value: undefined });
      else waiter.reject(failure.reason);
    }
  }
}
