/**
 * The results of a run as a file that outlasts whatever ends it.
 *
 * Each file's line goes to a journal at once, and in about a second to the disk. An output that is not such lines itself
 * is made of them at the end.
 *
 * @module
 */
import { TubeletError } from '../base/errors';
import { convert } from './convert';
import { asWriteFailure, lostLock } from './failure';
import { formatOf } from './formats';
import { GrowingFile } from './growing';
import { type Counts, type RunIdentity, differences, writeIdentity } from './identity';
import { type Outcome, lineFor } from './journal';
import { type History, forgetFailures, recover, removed } from './recover';
import { type Reservation, type Resume, reserve } from './reserve';

const syncEvery = 1_000;

/** One run's output: reserved, begun, written to, and finished or stopped. */
export class RunOutput {
  readonly #place: Reservation;
  readonly #retry: boolean;
  readonly #broken = new AbortController();
  #identity: RunIdentity | undefined; // since the run has begun
  #history: History = { names: new Set(), failures: 0, size: 0 };
  #counts: Counts = { items: 0, failed: 0 }; // of all runs so far
  #journal: GrowingFile | undefined; // while it can be written to
  #errors: GrowingFile | undefined; // since the first failure
  #clock: NodeJS.Timeout | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #isSyncing = false;
  #isOver = false;

  private constructor(place: Reservation, retry: boolean) {
    this.#place = place;
    this.#retry = retry;
  }

  /**
   * Takes the lock `<output>.lock` and checks the name's format, that the folder is there, and that nothing is in the
   * way: to be called before a model is loaded.
   *
   * @param options.resume - Whether to resume the run that wrote this output. When there is none, one begins.
   * @throws TubeletError INVALID_ARGUMENT, OUTPUT_LOCKED, WRITE_FAILED
   */
  static async reserve(path: string, { resume }: { resume: Resume }): Promise<RunOutput> {
    return new RunOutput(await reserve(path, resume), resume === 'retry');
  }

  /** Aborted, with the error as its reason, as soon as the output cannot be written any more: also between two items. */
  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  /** Whether the run that is resumed has come to its end, and its output cannot be added to: all is finished. */
  get isComplete(): boolean {
    return this.#place.complete !== undefined;
  }

  /** How many files were finished by the runs before. */
  get finishedItems(): number {
    return this.#place.complete?.items ?? this.#history.names.size;
  }

  /** How many of them failed. */
  get finishedFailures(): number {
    return this.#place.complete?.failed ?? this.#history.failures;
  }

  /** Whether the runs before have finished a file: with a result, or with an error. */
  finished(file: string): boolean {
    return this.isComplete || this.#history.names.has(file);
  }

  /**
   * Begins or resumes the run. When that fails the output is given back.
   *
   * @throws TubeletError INVALID_ARGUMENT: the earlier lines are of another run, and would not fit. WRITE_FAILED
   */
  async begin(identity: RunIdentity, signal?: AbortSignal): Promise<void> {
    try {
      const { output, earlier } = this.#place;
      formatOf(output, identity.command);
      if (earlier !== undefined) requireSame(output, earlier, identity);
      this.#identity = identity;
      if (this.isComplete) return;
      await writeIdentity(output, identity);
      await (earlier === undefined ? this.#beginAnew() : this.#goOn(signal));
      this.#clock = setInterval(this.#onTick, syncEvery).unref();
    } catch (error) {
      await this.stop().catch(() => undefined);
      throw asWriteFailure(error, this.#place.output);
    }
  }

  async #beginAnew(): Promise<void> {
    await removed(this.#place.errors); // of a run whose output was taken away
    this.#journal = await GrowingFile.create(this.#place.journal);
  }

  async #goOn(signal: AbortSignal | undefined): Promise<void> {
    const { journal, errors } = this.#place;
    if (this.#retry) await forgetFailures(journal, signal);
    this.#history = await recover(journal, errors, signal);
    this.#counts = { items: this.#history.names.size, failed: this.#history.failures };
    this.#journal = await GrowingFile.extend(journal, this.#history.size);
    if (this.finishedFailures > 0) this.#errors = await GrowingFile.extend(errors);
  }

  /**
   * Writes the line of a file, and in case of an error that of `<output>.errors.jsonl`. Calls may overlap.
   *
   * @throws TubeletError WRITE_FAILED: this and all that follow. What was written before is valid and can be resumed.
   */
  async write(file: string, outcome: Outcome): Promise<void> {
    const line = lineFor(file, outcome);
    await this.#inTurn(async () => {
      if (this.#journal === undefined) throw new Error('The run has not begun, or has ended');
      await this.#journal.append(line);
      this.#counts.items++;
      if (!('error' in outcome)) return;
      this.#counts.failed++;
      this.#errors ??= await GrowingFile.create(this.#place.errors);
      await this.#errors.append(line);
    });
  }

  /**
   * Ends the run: everything is on the disk, in the format that the output's name asks for.
   *
   * @throws TubeletError WRITE_FAILED: what was written can be resumed.
   */
  async finish(): Promise<void> {
    await this.#end(async () => {
      const { output, format, journal } = this.#place;
      await this.#inTurn(this.#sync);
      await this.#close();
      if (this.#identity === undefined || this.isComplete) return;
      if (format !== 'jsonl') await convert(journal, output, this.#identity);
      await writeIdentity(output, this.#identity, this.#counts);
      if (format !== 'jsonl' && this.#counts.failed === 0) await removed(journal);
    });
  }

  /** Leaves the run to be resumed, in whatever state it is; once it has ended, nothing happens. */
  async stop(): Promise<void> {
    await this.#end(async () => {
      await this.#queue;
      if (!this.broken.aborted) await this.#inTurn(this.#sync);
    });
  }

  async #end(work: () => Promise<void>): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#clock);
    try {
      await work();
    } catch (error) {
      throw asWriteFailure(error, this.#place.output);
    } finally {
      await this.#close().catch(() => undefined);
      await this.#place.lock.release().catch(() => undefined);
    }
  }

  async #close(): Promise<void> {
    const files = [this.#journal, this.#errors];
    this.#journal = undefined;
    this.#errors = undefined;
    for (const file of files) await file?.close();
  }

  readonly #onTick = (): void => {
    if (this.#isSyncing) return;
    this.#isSyncing = true;
    const done = (): void => {
      this.#isSyncing = false;
    };
    this.#inTurn(this.#sync).then(done, done); // the next writer hears of it, and `broken` at once
  };

  readonly #sync = async (): Promise<void> => {
    await this.#journal?.sync();
    await this.#errors?.sync();
    if (!(await this.#place.lock.isHeld())) throw lostLock(this.#place.output);
  };

  /** After what was asked for before. The first failure is that of everything that follows. */
  async #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#queue.then(async () => {
      this.broken.throwIfAborted();
      try {
        await work();
      } catch (error) {
        const failure = asWriteFailure(error, this.#place.output);
        this.#broken.abort(failure);
        throw failure;
      }
    });
    this.#queue = turn.catch(() => undefined);
    await turn;
  }
}

function requireSame(output: string, earlier: RunIdentity, identity: RunIdentity): void {
  const found = differences(earlier, identity);
  if (found.length === 0) return;
  throw new TubeletError(
    'INVALID_ARGUMENT',
    `Cannot resume ${output}: it was made in another way (${found.join('; ')}). Ask for the same, or name another file`,
  );
}
