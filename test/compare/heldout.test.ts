import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { load } from '#lib/index';
import { families } from '#lib/sampling/family';

import { runPython } from '../support/python';
import { suiteFolder } from '../support/temp';

const clips = 300;
const accuracyAsked = 0.95;

describe('bundled checkpoints on clips from pictures they never saw', function () {
  this.timeout(600_000);
  const folder = suiteFolder('heldout');
  let labels: { file: string; label: string }[] = [];

  before(async () => {
    await runPython('scripts/motion/heldout.py', '--count', String(clips), '--seed', '1', folder());
    labels = JSON.parse(await readFile(join(folder(), 'labels.json'), 'utf8')) as typeof labels;
    assert.equal(labels.length, clips);
  });

  for (const name of families.map((family) => `motion-${family}`)) {
    it(`${name} names at least ${accuracyAsked * 100}% of ${clips}`, async () => {
      const model = await load(name);
      const wrong: string[] = [];
      for (const { file, label } of labels) {
        const { predictions } = await model.classify(join(folder(), file), { topK: 1 });
        if (predictions[0]?.label !== label) wrong.push(`${label} taken for ${String(predictions[0]?.label)}`);
      }
      await model.dispose();
      const accuracy = 1 - wrong.length / clips;
      assert.ok(accuracy >= accuracyAsked, `${(100 * accuracy).toFixed(1)}%: ${wrong.join('; ')}`);
    });
  }
});
