// abort MODEL: aborts calls, or lets them run out of time, in each stage, and says how long the promise took to settle,
// and the work to stop.

import { type Model, TubeletError, load, readFrames } from '#lib/index';

import { argument, delay, say, video } from './support';

/** Milliseconds from the abort to the rejection, which must be the signal's own reason. */
async function abortAfter(
  milliseconds: number,
  call: (signal: AbortSignal) => Promise<unknown>,
): Promise<{ settled: number; own: boolean }> {
  const controller = new AbortController();
  const reason = new Error('the user left');
  let aborted = 0;
  setTimeout(() => {
    aborted = performance.now();
    controller.abort(reason);
  }, milliseconds);
  try {
    await call(controller.signal);
  } catch (error) {
    return { settled: performance.now() - aborted, own: error === reason };
  }
  throw new Error(`not aborted: it had settled after ${milliseconds} ms`);
}

/** Milliseconds from the end of the call's time to the rejection, which must be a TIMEOUT. */
async function limitedTo(
  milliseconds: number,
  call: (timeoutMs: number) => Promise<unknown>,
): Promise<{ settled: number; own: boolean }> {
  const end = performance.now() + milliseconds;
  try {
    await call(milliseconds);
  } catch (error) {
    return { settled: performance.now() - end, own: error instanceof TubeletError && error.code === 'TIMEOUT' };
  }
  throw new Error(`in time: it had settled after ${milliseconds} ms`);
}

/** How long a model is busy: dispose() waits for what runs. */
async function busyFor(model: Model): Promise<number> {
  const start = performance.now();
  await model.dispose();
  return performance.now() - start;
}

async function main(): Promise<void> {
  say('loading', await abortAfter(150, (signal) => load(argument(0), { signal })));

  const model = await load(argument(0));
  const first = abortAfter(1500, (signal) => model.classify(video, { signal }));
  await delay(100);
  say('queued', await abortAfter(50, (signal) => model.classify(video, { signal })));
  say('forward', await first);
  const limited = limitedTo(1500, (timeoutMs) => model.classify(video, { timeoutMs }));
  await delay(100);
  say('queued, no time left', await limitedTo(50, (timeoutMs) => model.classify(video, { timeoutMs })));
  say('forward, no time left', await limited);
  say('busy after abort', await busyFor(model));

  // Behind a hundred others of its kind, and in the middle of its own.
  const crowd = new AbortController();
  const { signal: leave } = crowd;
  const others = Array.from({ length: 100 }, () => readFrames(video, { sampling: 'spread', signal: leave }));
  const ended = Promise.allSettled(others);
  say('waiting to decode', await abortAfter(20, (signal) => readFrames(video, { signal })));
  say('waiting to decode, no time left', await limitedTo(20, (timeoutMs) => readFrames(video, { timeoutMs })));
  crowd.abort();
  await ended;
  const long = { sampling: 'spread', frames: 64 } as const;
  say('decoding', await abortAfter(15, (signal) => readFrames(video, { ...long, signal })));
  say('decoding, no time left', await limitedTo(15, (timeoutMs) => readFrames(video, { ...long, timeoutMs })));
  say('done');
}

void main();
