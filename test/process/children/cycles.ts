// cycles MODEL COUNT: loads, uses and disposes of a model COUNT times (one that is a program is trusted) and says how much memory was in use after each.

import { load } from '#lib/index';

import { argument, say, shortVideo } from './support';

async function main(): Promise<void> {
  const resident: number[] = [];
  for (let cycle = 0; cycle < Number(argument(1)); cycle++) {
    const model = await load(argument(0), { trust: true });
    await model.classify(shortVideo);
    await model.dispose();
    globalThis.gc?.();
    resident.push(process.memoryUsage.rss());
  }
  say('resident', resident);
}

void main();
