// forget MODEL COUNT: loads a model COUNT times, each with weights of its own, disposes of none, and says how much memory
// that takes.

import { openCheckpoint } from '#lib/checkpoints/checkpoint';
import { nativeSpec } from '#lib/checkpoints/native-spec';
import { binding } from '#lib/native/runtime';

import { argument, say } from './support';

async function main(): Promise<void> {
  const spec = nativeSpec(await openCheckpoint(argument(0)));
  const { weightBytes } = await binding().loadModel(spec).promise;
  const before = process.memoryUsage.rss();
  let most = 0;
  for (let i = 0; i < Number(argument(1)); i++) {
    await binding().loadModel({ ...spec, key: `${spec.key} ${i}` }).promise;
    most = Math.max(most, process.memoryUsage.rss() - before);
  }
  say('weights', weightBytes);
  say('most', most);
}

void main();
