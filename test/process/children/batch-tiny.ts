// batch-tiny MODEL COUNT: COUNT items of one pixel each through a batch; says how long that took and what the process held
// on the way.

import { readdirSync } from 'node:fs';

import { type RawFrames, load } from '#lib/index';

import { argument, say } from './support';

function held(): { resident: number; descriptors: number; threads: number } {
  globalThis.gc?.();
  return {
    resident: process.memoryUsage.rss(),
    descriptors: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length,
  };
}

async function main(): Promise<void> {
  const count = Number(argument(1));
  const model = await load(argument(0));
  function* pixels(): Generator<RawFrames> {
    for (let i = 0; i < count; i++) yield { data: Uint8Array.of(i, i >> 8, 7), width: 1, height: 1 };
  }
  const batch = model.classifyAll(pixels());
  const marks = [held()];
  let next = 0;
  for await (const { index, error } of batch) {
    if (error !== undefined) throw error;
    if (index !== next++) throw new Error(`item ${index} came after ${next} others`);
    if (next === 1000 || next % (count / 10) === 0) marks.push(held());
  }
  say('marks', marks.slice(1));
  say('summary', batch.summary);
  await model.dispose();
}

void main();
