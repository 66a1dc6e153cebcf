import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { families } from '#lib/config';

import { inRoot } from '../support/paths';

const run = promisify(execFile);

/** What the issue asks of bf16: as good as the same answer on clips that training never saw. */
const clips = 500;
const agreementAsked = 0.995;

/**
 * bf16 keeps 8 binary places, so that a rounding errs by at most 2^-9 = 0.2%, and by chance in one direction or the other:
 * what comes out of some dozens of layers, each of which adds such an error to a sum that is not rounded, is off by about
 * 1% of how far logits lie apart. Several times that would be a mistake, not rounding.
 */
const largestOfDeviation = 0.1;
const lowestCosine = 0.999;

interface Row {
  model: string;
  clips: number;
  deviation: number;
  largest: number;
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
      assert.ok(row.largest <= largestOfDeviation * row.deviation, `logits differ by ${row.largest}`);
      assert.ok(row.cosine >= lowestCosine, `embeddings have a cosine of ${row.cosine}`);
    });
  }
});
