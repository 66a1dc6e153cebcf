// weights MODEL HOW: loads a full-size model, lets go of it, and says what that does to the process's memory.

import { setImmediate as turn } from 'node:timers/promises';

import type { NativeModel } from '#lib/native/binding';

import { argument, delay, loadForward, say } from './support';

async function loadAndLetGo(how: string): Promise<void> {
  const loaded: { model: NativeModel | undefined } = { model: (await loadForward(argument(0))).model };
  say('loaded', process.memoryUsage.rss());
  say('weights', loaded.model?.weightBytes);
  if (how === 'dispose') await loaded.model?.dispose();
  loaded.model = undefined;
}

async function main(): Promise<void> {
  await loadAndLetGo(argument(1));
  for (let i = 0; i < 20 && argument(1) === 'forget'; i++) {
    globalThis.gc?.();
    await turn();
    await delay(10);
  }
  say('released', process.memoryUsage.rss());
}

void main();
