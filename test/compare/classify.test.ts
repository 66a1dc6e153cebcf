import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { type ClassifyResult, classify } from '#lib/index';
import { families } from '#lib/sampling/family';

import { inRoot } from '../support/paths';
import { runPython } from '../support/python';
import { samples } from '../support/samples';
import { suiteFolder } from '../support/temp';

/** tubelet and PyAV convert colours with other flags of the same scaler, so scores are close and not equal. */
const scoreTolerance = 0.01;

/** The reference takes the frame on screen at a time; a time read from another container library is rounded otherwise. */
const timeTolerance = 1e-3;

interface Reference {
  labels: string[];
  scores: number[];
  timestamps: number[];
}

const cases = families.flatMap((family) => samples.map((clip) => ({ model: `motion-${family}`, clip })));

describe('classify against transformers and PyAV, end to end', function () {
  this.timeout(300_000);
  const folder = suiteFolder('classify');
  const ours: ClassifyResult[] = [];
  let theirs: Reference[] = [];

  before('both classify everything', async () => {
    for (const { model, clip } of cases) ours.push(await classify(clip, { model, topK: 10 }));
    const jobs = cases.map(({ model, clip }, index) => ({
      checkpoint: inRoot('models', model),
      video: clip,
      timestamps: ours[index]?.timestamps,
    }));
    const [input, output] = [join(folder(), 'jobs.json'), join(folder(), 'scores.json')];
    await writeFile(input, JSON.stringify(jobs));
    await runPython('test/reference/classify.py', input, output);
    theirs = JSON.parse(await readFile(output, 'utf8')) as Reference[];
  });

  for (const [index, { model, clip }] of cases.entries()) {
    it(`${model} on ${basename(clip)}: the same best label, scores within ${scoreTolerance}`, () => {
      const { predictions = [], timestamps = [] } = ours[index] ?? {};
      const { labels, scores, timestamps: theirTimes } = theirs[index] ?? { labels: [], scores: [], timestamps: [] };
      assert.equal(predictions[0]?.label, labels[scores.indexOf(Math.max(...scores))]);
      assert.equal(predictions.length, scores.length);
      for (const { label, score } of predictions) {
        const expected = scores[labels.indexOf(label)] ?? NaN;
        assert.ok(Math.abs(score - expected) <= scoreTolerance, `${label}: ${score} here, ${expected} there`);
      }
      for (const [slot, time] of timestamps.entries()) {
        const expected = theirTimes[slot] ?? NaN;
        assert.ok(Math.abs(time - expected) <= timeTolerance, `frame ${slot} at ${time} s here, ${expected} s there`);
      }
    });
  }
});
