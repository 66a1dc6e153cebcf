// sharing MODEL: loads a checkpoint twice, to prepare its pixels in two ways, and says what each takes.

import { load } from '#lib/index';

import { argument, delay, say } from './support';

async function main(): Promise<void> {
  for (const resize of ['antialias', 'plain'] as const) {
    const before = process.memoryUsage.rss();
    await load(argument(0), { resize });
    await delay(200); // what loading takes for a while is over
    say(resize, process.memoryUsage.rss() - before);
  }
}

void main();
