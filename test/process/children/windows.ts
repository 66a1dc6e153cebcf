// windows MODEL VIDEO LENGTH: classifies windows of a video and says how many there were and how much memory that took at most.

import { load } from '#lib/index';

import { argument, say } from './support';

async function main(): Promise<void> {
  const model = await load(argument(0));
  const { windows } = await model.classify(argument(1), { windows: { length: Number(argument(2)) }, topK: 1 });
  await model.dispose();
  say('windows', windows.length);
  say('most', process.resourceUsage().maxRSS * 1024);
}

void main();
