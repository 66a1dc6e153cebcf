// ending HOW WHEN MODEL: begins work and ends the process in the middle of it.

import { load } from '#lib/index';
import { binding } from '#lib/native/runtime';

import { until } from '../../support/waiting';
import { argument, clip, delay, isPending, loadForward, say, startLoading, video } from './support';

/** Begins work that is still going on when the promise it returns resolves; the inner promise is the work's. */
async function begin(when: string, model: string): Promise<{ work: Promise<unknown> }> {
  switch (when) {
    case 'load': {
      const work = (await startLoading(model)).promise;
      await delay(200);
      return { work };
    }
    case 'decode': {
      const calls = Array.from({ length: 100 }, () => binding().readFrames(clip).promise);
      await delay(100);
      return { work: Promise.all(calls) };
    }
    case 'forward': {
      const { forward } = await loadForward(model);
      const work = Promise.all([forward().promise, forward().promise]);
      await delay(700);
      return { work };
    }
    case 'windows': {
      const work = (await load(model)).classify(video, { windows: { length: 1, stride: 0.1 } });
      await delay(700);
      return { work };
    }
    case 'batch':
    case 'gathering': {
      // In forward passes, or decoded and waiting for others to share one with.
      const loaded = await load(model);
      const retries = when === 'batch' ? {} : { maxBatch: 1024, maxDelayMs: 60_000, concurrency: 2 };
      const batch = loaded.classifyAll(
        Array.from({ length: 100 }, () => video),
        retries,
      );
      const work = batch.next();
      await until(() => (when === 'batch' ? batch.summary.queue.inferring : batch.summary.queue.ready) > 1, when);
      return { work };
    }
    default: {
      // So many milliseconds into a mixture of everything.
      const work = (async () => {
        const { model: native, clip: fitting, forward } = await loadForward(model);
        const calls = Array.from({ length: 20 }, () => [native.run(fitting).promise, forward().promise]);
        await Promise.all(calls.flat());
      })();
      await delay(Number(when));
      return { work };
    }
  }
}

function end(how: string): void {
  switch (how) {
    case 'exit':
      process.exit(7);
    case 'exit-in-listener':
      process.once('exit', () => process.exit(8));
      process.exit(7);
    case 'throw':
      setImmediate(() => {
        throw new Error('thrown in mid-job');
      });
      return;
    case 'terminate':
      process.kill(process.pid, 'SIGTERM');
  }
}

async function main(): Promise<void> {
  const { work } = await begin(argument(1), argument(2));
  say('ending', { pending: await isPending(work) });
  end(argument(0));
}

void main();
