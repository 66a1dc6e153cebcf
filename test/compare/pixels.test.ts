import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { openCheckpoint } from '#lib/checkpoint';
import { families } from '#lib/config';
import { readFrames } from '#lib/index';
import { toNativeSampling } from '#lib/sampling';

import { readFloats, writeArray } from '../support/arrays';
import { nativeModel } from '../support/model';
import { runPython } from '../support/python';
import { samples } from '../support/samples';
import { suiteFolder } from '../support/temp';

/**
 * Both sides resize to bytes and then scale; ViViT's reference resizes with PIL, the others with torchvision. The bounds
 * are in levels of 255: one level at most anywhere, 0.05 on average.
 */
const largestAllowed = 1 + 1e-3; // the scaling itself rounds in float32
const meanAllowed = 0.05;

/** Changes to a family's own preprocessor configuration that are worth a look. */
const variants: Record<string, Record<string, unknown>> = {
  'as published': {},
  'an exact size': { size: { height: 200, width: 150 }, do_center_crop: false },
  'a crop larger than the picture': { size: { shortest_edge: 100 }, crop_size: { height: 141, width: 131 } },
  bicubic: { resample: 3, size: { shortest_edge: 97 }, crop_size: { height: 64, width: 64 } },
  'no normalising': { do_normalize: false },
};

describe("prepared pixels against transformers' default image processors", function () {
  this.timeout(300_000);
  const folder = suiteFolder('pixels');

  for (const family of families) {
    it(`${family}: every variant on every sample`, async () => {
      const checkpoint = join(folder(), family);
      await runPython('test/reference/checkpoints.py', checkpoint, '--family', family, '--size', 'tiny');
      const file = join(checkpoint, 'preprocessor_config.json');
      const published = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
      const usual = { size: { shortest_edge: 224 }, crop_size: { height: 224, width: 224 } };
      for (const [name, change] of Object.entries(variants)) {
        await writeFile(file, JSON.stringify({ ...published, ...usual, ...change }));
        const clips = name === 'as published' ? samples : samples.slice(0, 2);
        for (const clip of clips) await compare(checkpoint, clip, name);
      }
    });
  }

  async function compare(checkpoint: string, clip: string, variant: string): Promise<void> {
    const frames = await readFrames(clip, { model: checkpoint });
    const raw = await writeArray(join(folder(), 'frames.u8'), frames.data);
    const out = join(folder(), 'pixels.f32');
    await runPython('test/reference/pixels.py', checkpoint, raw, '--shape', frames.shape.join(), out);
    const expected = await readFloats(out);

    const model = await nativeModel(checkpoint);
    const { config, sampling, preprocessing } = await openCheckpoint(checkpoint);
    const pixels = await model.prepare({
      path: clip,
      sampling: toNativeSampling('trained', sampling, config.family),
    }).promise;
    await model.dispose();

    const what = `${clip}, ${variant}`;
    assert.deepEqual(pixels.timestamps, frames.timestamps, what);
    assert.equal(pixels.data.length, expected.length, `${what}: the shape is ${pixels.shape.join()}`);
    const [, , height, width] = pixels.shape;
    const levels = pixels.data.map((value, i) => {
      const channel = Math.floor(i / (height * width)) % 3;
      const scale = preprocessing.normalize ? (preprocessing.std[channel] ?? NaN) : 1;
      return (Math.abs(value - (expected[i] ?? NaN)) * scale) / preprocessing.rescaleFactor;
    });
    const largest = levels.reduce((a, b) => (b <= a ? a : b), 0);
    const mean = levels.reduce((a, b) => a + b, 0) / levels.length;
    assert.ok(largest <= largestAllowed, `${what}: ${largest} levels apart`);
    assert.ok(mean <= meanAllowed, `${what}: ${mean} levels apart on average`);
  }
});
