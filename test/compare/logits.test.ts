import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { families } from '#lib/sampling/family';

import { answersOf, apart, embeddingTolerance, logitsTolerance } from '../support/logits';
import { inRoot } from '../support/paths';
import { runPython } from '../support/python';
import { suiteFolder } from '../support/temp';

/** The seeded checkpoints are made so that a wrong program misses by far more than the tolerances. */
describe('logits and embeddings against transformers', function () {
  this.timeout(600_000);
  const folder = suiteFolder('logits');

  async function compare(checkpoint: string): Promise<void> {
    const { ours, theirs } = await answersOf(checkpoint, folder());
    assert.ok(ours.logits.length > 0);
    const { logits, embedding } = apart(ours, theirs);
    assert.ok(logits <= logitsTolerance, `logits differ by ${logits}`);
    assert.ok(embedding <= embeddingTolerance, `embeddings differ by ${embedding}`);
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

    for (const format of ['sharded', 'sharded-bin']) {
      it(`${family}, tiny, ${format}`, async () => {
        const checkpoint = join(folder(), `${family}-${format}`);
        const options = ['--family', family, '--size', 'tiny', '--format', format, '--seed', '5'];
        await runPython('test/reference/checkpoints.py', checkpoint, ...options);
        await compare(checkpoint);
      });
    }
  }
});
