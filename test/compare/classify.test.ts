import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { families } from '#lib/config';
import { classify } from '#lib/index';

import { inRoot } from '../support/paths';
import { runPython } from '../support/python';
import { samples } from '../support/samples';
import { suiteFolder } from '../support/temp';

/** tubelet and PyAV convert colours with other flags of the same scaler, so scores are close and not equal. */
const scoreTolerance = 0.01;

describe('classify against transformers and PyAV, end to end', function () {
  this.timeout(300_000);
  const folder = suiteFolder('classify');

  for (const model of families.map((family) => `motion-${family}`)) {
    for (const clip of samples) {
      it(`${model} on ${basename(clip)}`, async () => {
        const { predictions, timestamps } = await classify(clip, { model, topK: 10 });
        const out = join(folder(), 'scores.json');
        const times = ['--timestamps', timestamps.join()];
        await runPython('test/reference/classify.py', inRoot('models', model), clip, ...times, out);
        const expected = JSON.parse(await readFile(out, 'utf8')) as Record<string, number>;
        const [best] = Object.entries(expected).sort(([, a], [, b]) => b - a);
        assert.equal(predictions[0]?.label, best?.[0]);
        for (const { label, score } of predictions) {
          const off = Math.abs(score - (expected[label] ?? NaN));
          assert.ok(off <= scoreTolerance, `${label}: ${score} here, ${String(expected[label])} there`);
        }
      });
    }
  }
});
