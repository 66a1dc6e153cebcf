import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { compareAll, generated } from '../support/paper';
import { runPython } from '../support/python';
import { suiteFolder } from '../support/temp';

/** Each family's published stride, in frames of 30 a second. */
const strides = { videomae: 4, timesformer: 32, vivit: 2 };

/** What test/compare/paper.test.ts asks of small models. Up to 15 views a video, each of some seconds. */
describe("sampling 'paper' at full depth", function () {
  this.timeout(3_600_000);
  const folder = suiteFolder('paper-full');
  const clips = [generated('30 a second', 150, 30, 320, 240)];

  for (const [family, stride] of Object.entries(strides)) {
    it(`${family}, base`, async () => {
      const checkpoint = join(folder(), family);
      await runPython(
        'test/reference/checkpoints.py',
        checkpoint,
        '--family',
        family,
        '--size',
        'base',
        '--seed',
        '17',
      );
      await compareAll(checkpoint, { stride, options: {} }, clips, folder());
      await rm(checkpoint, { recursive: true });
    });
  }
});
