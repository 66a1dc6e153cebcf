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

interface Reference {
  labels: string[];
  scores: number[];
}

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
        const reference = JSON.parse(await readFile(out, 'utf8')) as Reference;
        const expected = new Map(reference.labels.map((name, i) => [name, reference.scores[i] ?? NaN]));
        assert.equal(predictions[0]?.label, reference.labels[reference.scores.indexOf(Math.max(...reference.scores))]);
        assert.equal(predictions.length, expected.size);
        for (const { label, score } of predictions) {
          const off = Math.abs(score - (expected.get(label) ?? NaN));
          assert.ok(off <= scoreTolerance, `${label}: ${score} here, ${String(expected.get(label))} there`);
        }
      });
    }
  }
});
