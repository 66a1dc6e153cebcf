import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { families } from '#lib/sampling/family';

import { inRoot } from '../support/paths';

const run = promisify(execFile);

/** As good as the same answers on clips that training never saw. `npm run quality` takes 500. */
const clips = 200;
const agreementAsked = 0.995;

/**
 * bf16 keeps 8 binary places, so that a rounding errs by at most 2^-9 = 0.2%, and by chance in one direction or the other:
 * what comes out of some dozens of layers, each of which adds such an error to a sum that is not rounded, is off by well
 * below 1% of how far logits lie apart. More than that on average would be a mistake, not rounding. A single clip may be off
 * by far more, where attention is undecided between places, so that the worst of them tells less.
 */
const meanOfDeviation = 0.01;
const lowestCosine = 0.99;

interface Row {
  model: string;
  clips: number;
  deviation: number;
  largest: number;
  mean: number;
  cosine: number;
  agreement: number;
}

describe('bf16 against fp32', function () {
  this.timeout(900_000);
  let rows: Row[] = [];

  before(async () => {
    const script = inRoot('scripts', 'quality.mjs');
    const { stdout } = await run(process.execPath, [script, '--clips', String(clips), '--json']);
    rows = JSON.parse(stdout) as Row[];
  });

  for (const family of families) {
    it(`motion-${family} names the same on ${clips} held-out clips, from logits and embeddings close by`, () => {
      const row = rows.find(({ model }) => model === `motion-${family}`);
      assert.equal(row?.clips, clips);
      assert.ok(row.largest > 0, 'bf16 rounds');
      assert.ok(row.agreement >= agreementAsked, `${100 * row.agreement}% agree`);
      assert.ok(row.mean <= meanOfDeviation * row.deviation, `logits differ by ${row.mean} on average`);
      assert.ok(row.cosine >= lowestCosine, `embeddings have a cosine of ${row.cosine}`);
    });
  }
});
