import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { openCheckpoint } from '#lib/checkpoint';
import { families } from '#lib/config';

import { difference, readFloats, relativeDifference, seededPixels, writeArray } from '../support/arrays';
import { nativeModel } from '../support/model';
import { runPython } from '../support/python';
import { suiteFolder } from '../support/temp';
import { inRoot } from '../support/paths';

/**
 * fp32 on both sides; what remains is the order of the sums. The seeded checkpoints have logits of order 1 to 10, so that
 * a wrong program misses by far more.
 */
const logitsTolerance = 1e-4; // absolute
const embeddingTolerance = 1e-4; // relative

describe('logits and embeddings against transformers', function () {
  this.timeout(600_000);
  const folder = suiteFolder('logits');

  async function compare(checkpoint: string): Promise<void> {
    const model = await nativeModel(checkpoint);
    try {
      const { frames, size } = (await openCheckpoint(checkpoint)).config;
      const shape: [number, number, number, number] = [frames, 3, size.height, size.width];
      const pixels = seededPixels(frames * 3 * size.height * size.width, 7);
      const file = await writeArray(join(folder(), 'pixels.f32'), pixels);
      const out = join(folder(), 'out.f32');
      await runPython('test/reference/logits.py', checkpoint, file, '--shape', [1, ...shape].join(), out);
      const expected = await readFloats(out);

      const ours = await model.forward(pixels, shape).promise;
      const classes = ours.logits.length;
      assert.equal(expected.length, classes + ours.embedding.length);
      const off = difference(ours.logits, expected.subarray(0, classes)).largest;
      const offEmbedding = relativeDifference(ours.embedding, expected.subarray(classes));
      assert.ok(off <= logitsTolerance, `logits differ by ${off}`);
      assert.ok(offEmbedding <= embeddingTolerance, `embeddings differ by ${offEmbedding}`);
      assert.ok(Math.abs(ours.scores.reduce((a, b) => a + b, 0) - 1) < 1e-4, 'scores add up to 1');
    } finally {
      await model.dispose();
    }
  }

  for (const family of families) {
    it(`motion-${family}`, () => compare(inRoot('models', `motion-${family}`)));

    for (const format of ['safetensors', 'bin']) {
      it(`${family}, full size, ${format}`, async () => {
        const checkpoint = join(folder(), `${family}-${format}`);
        const options = ['--family', family, '--size', 'base', '--format', format, '--seed', '3'];
        await runPython('test/reference/checkpoints.py', checkpoint, ...options);
        await compare(checkpoint);
        await rm(checkpoint, { recursive: true });
      });
    }

    it(`${family}, tiny, in shards`, async () => {
      const checkpoint = join(folder(), `${family}-sharded`);
      const options = ['--family', family, '--size', 'tiny', '--format', 'sharded', '--seed', '5'];
      await runPython('test/reference/checkpoints.py', checkpoint, ...options);
      await compare(checkpoint);
    });
  }
});
