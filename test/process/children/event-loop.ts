// event-loop MODEL: classifies 20 times and says by how much a 5 ms timer was late at worst.

import { load } from '#lib/index';

import { argument, say, video } from './support';

async function main(): Promise<void> {
  const model = await load(argument(0));
  await model.classify(video); // what is compiled and allocated once is not what this is about

  let turns = 0;
  let latest = 0;
  let due = performance.now() + 5;
  const timer = setInterval(() => {
    const now = performance.now();
    latest = Math.max(latest, now - due);
    due = now + 5;
    turns++;
  }, 5);
  const start = performance.now();
  await Promise.all(Array.from({ length: 20 }, () => model.classify(video)));
  const took = performance.now() - start;
  clearInterval(timer);
  say('late', { latest, turns, took });
  await model.dispose();
}

void main();
