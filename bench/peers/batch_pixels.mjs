// What an item of a batch costs besides its work. Asked {"items": N}, it classifies as many pictures of one pixel and
// answers {"seconds": on the clock}.
//
// batch_pixels.mjs PROGRAM.pt
import path from 'node:path';
import { internal, serve } from './peer.mjs';

const { load } = await internal('index');

const model = await load(path.resolve(process.argv[2]), { trust: true, frames: 1, size: 1, mean: 0.5, std: 0.5 });

function* pictures(count) {
  for (let i = 0; i < count; i++) yield { data: Uint8Array.of(i, i >> 8, 0), width: 1, height: 1 };
}

await serve(async ({ items }) => {
  const start = performance.now();
  for await (const { error } of model.classifyAll(pictures(items))) if (error !== undefined) throw error;
  return { seconds: (performance.now() - start) / 1000 };
});
await model.dispose();
