import assert from 'node:assert/strict';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { openCheckpoint } from '#lib/checkpoints/checkpoint';
import { readFrames } from '#lib/index';
import { toNativeRead } from '#lib/options/reading';
import { families } from '#lib/sampling/family';
import { toNativeSampling } from '#lib/sampling/native';

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

/** Changes to a family's own preprocessor configuration; what comes out stays 224 x 224, which is what the model takes. */
const variants: Record<string, Record<string, unknown>> = {
  'as published': {},
  'an exact size': { size: { height: 224, width: 224 }, do_center_crop: false },
  'a crop larger than the picture': { size: { shortest_edge: 101 } },
  bicubic: { resample: 3, size: { shortest_edge: 231 } },
  'no normalising': { do_normalize: false },
};

describe("prepared pixels against transformers' default image processors", function () {
  this.timeout(300_000);
  const folder = suiteFolder('pixels');

  for (const family of families) {
    it(`${family}: its own configuration on every sample, variants of it on the first`, async () => {
      const published = join(folder(), family);
      const options = ['--family', family, '--size', 'tiny', '--image-size', '224'];
      await runPython('test/reference/checkpoints.py', published, ...options);

      const cases = [];
      for (const [name, change] of Object.entries(variants)) {
        const checkpoint = await withPreprocessing(published, name, change);
        for (const clip of name === 'as published' ? samples : samples.slice(0, 1)) {
          cases.push({ checkpoint, clip, ...(await framesFor(checkpoint, clip, cases.length)) });
        }
      }
      const jobs = join(folder(), 'jobs.json');
      await writeFile(jobs, JSON.stringify(cases));
      await runPython('test/reference/pixels.py', jobs);
      for (const { checkpoint, clip, timestamps, out } of cases) await compare(checkpoint, clip, timestamps, out);
    });
  }

  /** A copy of the checkpoint whose preprocessor is configured otherwise. */
  async function withPreprocessing(published: string, name: string, change: Record<string, unknown>): Promise<string> {
    const checkpoint = `${published}, ${name}`;
    await cp(published, checkpoint, { recursive: true });
    const file = join(checkpoint, 'preprocessor_config.json');
    const configuration = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    await writeFile(file, JSON.stringify({ ...configuration, ...change }));
    return checkpoint;
  }

  /** The frames that the checkpoint's sampling picks, in a file for the reference. */
  async function framesFor(
    checkpoint: string,
    clip: string,
    index: number,
  ): Promise<{ frames: string; shape: number[]; timestamps: number[]; out: string }> {
    const { data, shape, timestamps } = await readFrames(clip, { model: checkpoint });
    const frames = await writeArray(join(folder(), `${index}.u8`), data);
    return { frames, shape, timestamps, out: join(folder(), `${index}.f32`) };
  }

  async function compare(checkpoint: string, clip: string, timestamps: number[], out: string): Promise<void> {
    const { config, sampling, preprocessing } = await openCheckpoint(checkpoint);
    const model = await nativeModel(checkpoint);
    const pixels = await model.prepare({
      input: { kind: 'file', path: clip, name: clip },
      sampling: toNativeSampling({}, sampling, config.family),
      read: toNativeRead({}),
    }).promise;
    await model.dispose();

    const what = `${clip}, ${basename(checkpoint)}`;
    const expected = await readFloats(out);
    assert.deepEqual(pixels.timestamps, timestamps, what);
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
