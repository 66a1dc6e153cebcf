// long-queue MODEL CALLS HOW: lets that many calls wait, ends them by `abort` or `dispose`, and says how long the longest
// turn of the event loop took meanwhile, and how much memory a waiting call took.

import { load } from '#lib/index';

import { argument, delay, say } from './support';

const side = 4;
const frames = { data: new Uint8Array(16 * side * side * 3), width: side, height: side, fps: 8 };

async function main(): Promise<void> {
  const [count, how] = [Number(argument(1)), argument(2)];
  const model = await load(argument(0), { maxQueue: count });
  await model.classify(frames); // what is compiled and allocated once is not what this is about

  const controller = new AbortController();
  const before = process.memoryUsage().rss;
  const calls = Array.from({ length: count }, () => model.classify(frames, { signal: controller.signal }));
  const settled = Promise.allSettled(calls);
  say('bytes', (process.memoryUsage().rss - before) / count);
  await delay(100);

  let longest = 0;
  let last = performance.now();
  let turn = setImmediate(function measure() {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    turn = setImmediate(measure);
  });
  if (how === 'abort') controller.abort();
  else void model.dispose();
  const outcomes = await settled;
  clearImmediate(turn);
  say('longest', longest);
  say('rejected', outcomes.filter(({ status }) => status === 'rejected').length);
  await model.dispose();
}

void main();
