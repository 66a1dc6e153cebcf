// batch-abort SMALL LARGE: aborts a batch wherever it can be, and says how long the call that waits took to settle, the
// work to stop, and what was left behind.

import { Readable } from 'node:stream';

import { type BatchOptions, type BatchSummary, type Model, type VideoInput, load } from '#lib/index';

import { temporaryFiles } from '../../support/descriptors';
import { until } from '../../support/waiting';
import { argument, say, video } from './support';

const reason = new Error('the user left');

/** Inputs for ever, and whether they were told to end. */
function endless(input: () => VideoInput): { inputs: Iterable<VideoInput>; ended: () => boolean } {
  let ended = false;
  function* inputs(): Generator<VideoInput> {
    try {
      for (;;) yield input();
    } finally {
      ended = true;
    }
  }
  return { inputs: inputs(), ended: () => ended };
}

async function abortWhen(
  name: string,
  model: Model,
  input: () => VideoInput,
  options: BatchOptions,
  reached: (summary: BatchSummary) => boolean,
): Promise<void> {
  const controller = new AbortController();
  const { inputs, ended } = endless(input);
  const batch = model.classifyAll(inputs, { ...options, signal: controller.signal });
  const waiting = batch.next().then(
    () => 'an item',
    (error: unknown) => (error === reason ? 'own reason' : String(error)),
  );
  await until(() => reached(batch.summary), name);
  const aborted = performance.now();
  controller.abort(reason);
  const outcome = await waiting;
  const settled = performance.now() - aborted;
  await batch.return();
  const stopped = performance.now() - aborted;
  say(name, { outcome, settled, stopped, ended: ended(), files: temporaryFiles() });
}

async function main(): Promise<void> {
  const small = await load(argument(0));
  const large = await load(argument(1));
  const stalled = (): Readable => new Readable({ read: () => undefined });
  const path = (): string => video;

  await abortWhen('copying', small, stalled, {}, () => temporaryFiles() > 0);
  await abortWhen('decoding', large, path, {}, ({ queue }) => queue.decoding > 0);
  const patient = { maxBatch: 1024, maxDelayMs: 60_000, concurrency: 4 };
  await abortWhen('waiting for others', small, path, patient, ({ queue }) => queue.ready === 4);
  const crowded = { workers: { infer: 1 } };
  await abortWhen('waiting for a forward pass', large, path, crowded, ({ queue }) => queue.ready > 0);
  await abortWhen('in forward passes', large, path, {}, ({ queue }) => queue.inferring > 0);
  const shared = { maxBatch: 2, maxDelayMs: 60_000, workers: { infer: 1 } };
  await abortWhen('in a shared forward pass', large, path, shared, ({ queue }) => queue.inferring === 2);

  // The models are none the worse for it.
  const { predictions } = await small.classify(video);
  say('still works', predictions.length);
  await Promise.all([small.dispose(), large.dispose()]);
}

void main();
