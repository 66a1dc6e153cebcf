/**
 * Many videos through one model: from what a command line names to lines on standard output or in a file.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';

import type { LoadOptions } from '../../api/load';
import type { Model } from '../../api/model';
import { type TubeletError, asTubeletError } from '../../base/errors';
import { packageVersion } from '../../base/package';
import type { Batch } from '../../batch/batch';
import type { BatchOptions } from '../../batch/workers';
import { requirePresent } from '../../inputs/present';
import type { EncodedVideo } from '../../inputs/recognise';
import { RunOutput } from '../../output/run';
import { type Outcome, lineFor } from '../../output/journal';
import type { Provenance } from '../../results/results';
import { withModel } from '../base/model';
import { type Session, exit, failureLine } from '../base/session';
import { inTerms } from '../base/terms';
import { printable } from '../base/text';
import { type Entry, entriesOf } from './entries';
import { Feed } from './feed';
import { type Before, Numbers, type Snapshot } from './numbers';
import { type FolderRequest, resumeLine } from './options';
import { showRun } from './progress';
import { type Ending, summaryJson, summaryLines, totalLine } from './summary';
import { type Watch, watchVideo } from './watch';

/** Of a result, what the run itself looks at. */
type Timed = Pick<Provenance, 'milliseconds'>;

/** What a command does with each video. */
export interface Task<R extends Timed> {
  command: 'classify' | 'embed';
  /** What was typed after the command's name. */
  args: readonly string[];
  request: FolderRequest;
  model: string | undefined;
  loading: LoadOptions;
  /** What else changes the answers, as JSON values. */
  options: Record<string, unknown>;
  start(model: Model, videos: AsyncIterable<EncodedVideo>, options: BatchOptions): Batch<EncodedVideo, R>;
  /** With windows, for one video alone that is printed. */
  watch?: Watch<R> | undefined;
  /** A result for a person. */
  report: (file: string, result: R, isFirst: boolean, model: Model) => string;
}

/** What became of a video. */
type Ended<R> = { result: R; error?: undefined } | { result?: undefined; error: TubeletError };

/** Where results go. */
interface Sink {
  order: 'input' | 'completed';
  before: Before;
  finished(file: string): boolean;
  write(file: string, outcome: Outcome): Promise<void>;
  /** For a name that leads to no video, which comes before the item of that number. */
  refused?(name: string, error: TubeletError, before: number): void;
  /** When nothing more comes. */
  finish(): Promise<void>;
  /** Aborted when nothing more can be written. */
  broken?: AbortSignal;
}

/**
 * Does it, and says how it goes.
 *
 * @returns The exit code.
 * @throws What ends the run as a whole. With an output, what was written stays valid.
 */
export async function runVideos<R extends Timed>(task: Task<R>, session: Session): Promise<number> {
  const { request, loading } = task;
  if (request.output === undefined) {
    if (await isInVain(request, session)) return exit.failure;
    return withModel(
      task.model,
      session,
      (model) => new Run(task, model, printer(task, model, session), session).run(),
      loading,
      request,
    );
  }
  const output = await RunOutput.reserve(request.output, { resume: request.resume }); // or else no model need be loaded
  try {
    return await withModel(
      task.model,
      session,
      async (model) => new Run(task, model, await writer(task, model, output, session), session).run(),
      loading,
      request,
    );
  } finally {
    await output.stop();
  }
}

/** Whether no name leads to a video, which is then said: no model need be fetched and loaded to find that out. */
async function isInVain({ names, list, addresses, shard, json }: FolderRequest, session: Session): Promise<boolean> {
  if (list !== undefined) return false; // it may be read once only
  const refused: { name: string; error: unknown }[] = [];
  for await (const entry of entriesOf(names, { addresses, shard, signal: session.signal })) {
    const error = entry.error ?? whyAbsent(entry.video);
    if (error === undefined) return false;
    refused.push({ name: entry.name, error });
  }
  for (const { name, error } of refused) {
    if (json || !session.interactive) session.print(lineFor(name, { error: asTubeletError(error) }));
    session.complain(failureLine(name, error));
  }
  return refused.length > 0;
}

function whyAbsent(video: EncodedVideo): unknown {
  if (typeof video !== 'string' || video === '') return undefined;
  const path = resolve(video);
  try {
    requirePresent({ kind: 'file', path, name: `'${path}'` });
  } catch (error) {
    return error;
  }
  return undefined;
}

function printer<R extends Timed>(task: Task<R>, model: Model, session: Session): Sink {
  return task.request.json || !session.interactive ? linePrinter(session) : tablePrinter(task, model, session);
}

function tablePrinter<R extends Timed>({ report }: Task<R>, model: Model, session: Session): Sink {
  let isFirst = true;
  return {
    order: 'input',
    before: { items: 0, failed: 0 },
    finished: () => false,
    write: async (file, outcome) => {
      if ('error' in outcome) return; // which is reported on standard error
      session.print(report(file, outcome.result as R, isFirst, model));
      isFirst = false;
      await session.taken();
    },
    finish: () => Promise.resolve(),
  };
}

/** A line of JSON for everything that was named, in that order. */
function linePrinter(session: Session): Sink {
  let written = 0;
  const refused: { line: string; before: number }[] = [];
  const printRefused = (): void => {
    while (refused[0] !== undefined && refused[0].before <= written) session.print(refused.shift()?.line ?? '');
  };
  return {
    order: 'input',
    before: { items: 0, failed: 0 },
    finished: () => false,
    write: async (file, outcome) => {
      session.print(lineFor(file, outcome));
      written++;
      printRefused();
      await session.taken();
    },
    refused: (name, error, before) => {
      refused.push({ line: lineFor(name, { error }), before });
      printRefused();
    },
    finish: () => Promise.resolve(),
  };
}

async function writer<R extends Timed>(
  task: Task<R>,
  { info }: Model,
  output: RunOutput,
  session: Session,
): Promise<Sink> {
  const { command, loading, request } = task;
  const { checkpoint, precision, labels } = info;
  const named = loading.labels !== undefined && {
    labels: createHash('sha256').update(labels.join('\n')).digest('hex'),
  };
  const options = { ...task.options, ...named };
  await output.begin({ command, tubelet: packageVersion(), checkpoint, precision, options }, session.signal);
  if (output.isComplete && !request.quiet) session.complain(`${printable(request.output ?? '')} is complete already`);
  return {
    order: 'completed',
    before: { items: output.finishedItems, failed: output.finishedFailures },
    finished: (file) => output.finished(file),
    write: (file, outcome) => output.write(file, outcome),
    finish: () => output.finish(),
    broken: output.broken,
  };
}

/** One run of a batch. */
class Run<R extends Timed> {
  readonly #numbers: Numbers;
  /** Whether progress is shown. */
  readonly #talks: boolean;

  constructor(
    private readonly task: Task<R>,
    private readonly model: Model,
    private readonly sink: Sink,
    private readonly session: Session,
  ) {
    const { output, quiet } = task.request;
    this.#numbers = new Numbers(sink.before);
    this.#talks = !quiet && (output !== undefined || !session.interactive);
  }

  /** @returns The exit code. */
  async run(): Promise<number> {
    const { interrupts } = this.session;
    let ending: Ending = 'stopped';
    try {
      const complete = await interrupts.gently((stop) => this.#work(stop));
      if (complete) await this.sink.finish();
      ending = complete ? 'done' : 'interrupted';
    } catch (error) {
      if (interrupts.signal.aborted) ending = 'interrupted';
      throw error;
    } finally {
      this.#numbers.end();
      this.#sumUp(ending);
    }
    if (ending === 'interrupted') return interrupts.exitCode;
    return this.#numbers.failed + this.sink.before.failed > 0 ? exit.failure : exit.success;
  }

  /** @returns Whether all entries are finished. */
  async #work(stop: AbortSignal): Promise<boolean> {
    const { task, model, sink } = this;
    const feed = new Feed(this.#entries(stop), stop, {
      finished: (name) => sink.finished(name),
      refused: (name, refusal, before) => {
        const error = inTerms(refusal);
        this.#failed(name, error);
        sink.refused?.(name, error, before);
      },
    });
    const alone = task.request.list === undefined && (await feed.isAlone());
    if (alone && task.watch !== undefined && task.request.output === undefined)
      return this.#watch(task.watch, feed, stop);
    const batch = task.start(model, feed, {
      order: sink.order,
      workers: alone ? { infer: 1 } : undefined, // a single forward pass has all CPUs
    });
    const leave = (): void => void batch.return();
    sink.broken?.addEventListener('abort', leave);
    const told = this.#tell(stop, () =>
      feed.begun < 2 ? undefined : this.#numbers.at(performance.now(), batch.summary, feed.current),
    );
    try {
      for await (const item of batch) await this.#take(feed.take(item.index), item);
      sink.broken?.throwIfAborted();
    } finally {
      told.end();
    }
    return feed.complete;
  }

  /** The first Ctrl-C ends the video itself: nothing else has been begun, and what it has so far is printed. */
  async #watch(watch: Watch<R>, feed: Feed, stop: AbortSignal): Promise<boolean> {
    const { session, sink, model } = this;
    const { quiet } = this.task.request;
    const signal = AbortSignal.any([stop, session.signal]);
    for await (const video of feed) {
      const file = feed.take(feed.begun - 1);
      const watched = await watchVideo(watch, model, video, { session, signal, quiet });
      if ('result' in watched) {
        await this.#take(file, watched);
        continue;
      }
      if (watched.soFar !== undefined) await sink.write(file, { result: watched.soFar });
      if (signal.aborted) return false;
      await this.#take(file, { error: asTubeletError(watched.error) });
    }
    return feed.complete;
  }

  async #take(file: string, { result, error: failure }: Ended<R>): Promise<void> {
    if (failure !== undefined) {
      const error = inTerms(failure);
      await this.sink.write(file, { error });
      this.#failed(file, error);
      return;
    }
    await this.sink.write(file, { result });
    const { decode, prepare, infer } = result.milliseconds;
    this.#numbers.succeeded({ file, milliseconds: decode + prepare + infer });
  }

  #entries(signal: AbortSignal): AsyncIterable<Entry> {
    const { names, list, addresses, shard } = this.task.request;
    return entriesOf(names, { list, addresses, shard, signal });
  }

  #failed(name: string, error: TubeletError): void {
    const { output, quiet } = this.task.request;
    this.#numbers.hasFailed(error.code);
    if (!quiet || output === undefined) this.session.complain(failureLine(name, error));
  }

  /** Shows progress and that the run was interrupted, until `end` is called. */
  #tell(stop: AbortSignal, look: () => Snapshot | undefined): { end: () => void } {
    const { session, task } = this;
    const { output, quiet } = task.request;
    const over = new AbortController();
    if (!quiet && (output !== undefined || session.status !== undefined)) {
      const notice = (): void => {
        session.complain('Finishing what has been begun; Ctrl-C again stops at once.');
      };
      stop.addEventListener('abort', notice, { signal: over.signal });
    }
    const shown = this.#talks ? showRun(session, look) : undefined;
    if (this.#talks) void this.#count(over.signal);
    return {
      end: () => {
        over.abort();
        shown?.end();
      },
    };
  }

  /** How many entries there are, found out beside the run; not of a list that can be read once only. */
  async #count(over: AbortSignal): Promise<void> {
    if (this.task.request.list === '-') return;
    let total = 0;
    try {
      const entries = this.#entries(over)[Symbol.asyncIterator]();
      while ((await entries.next()).done !== true) total++;
    } catch {
      return; // the run itself comes to it, and says so
    }
    if (!over.aborted) this.#numbers.total = total;
  }

  #sumUp(ending: Ending): void {
    const { session, task } = this;
    const { output, json, quiet } = task.request;
    const numbers = this.#numbers;
    if (ending === 'stopped' && numbers.items + numbers.before.items === 0) return; // it has not even begun
    const resume = output === undefined || ending === 'done' ? undefined : resumeLine(task.command, task.args);
    const facts = { ending, numbers, output, resume };
    if (output !== undefined && json) session.print(summaryJson(facts));
    else if (this.#talks && (output !== undefined || (session.status !== undefined && numbers.items > 1))) {
      session.complain(summaryLines(facts, session).join('\n'));
    } else if (session.interactive && !quiet && !json && numbers.items > 1) {
      session.complain(`\n${totalLine(facts)}`);
    }
  }
}
