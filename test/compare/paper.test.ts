import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { classify } from '#lib/index';
import { families } from '#lib/sampling/family';

import { difference } from '../support/arrays';
import { compareAll, generated, reference } from '../support/paper';
import { inRoot } from '../support/paths';
import { runPython } from '../support/python';
import { samples } from '../support/samples';
import { suiteFolder } from '../support/temp';

/** From files: PyAV converts colours with other flags of the same scaler, so scores are close and not equal. */
const fileTolerance = 0.01;
const timeTolerance = 1e-3;

const clips = [
  generated('30 a second', 150, 30, 101, 60),
  generated('long, 60 a second, upright', 640, 60, 36, 77),
  generated('short', 9, 30, 90, 67),
  generated('24 a second, square', 70, 24, 72, 72),
  generated('29.97 a second, smaller than the input', 100, 30 / 1.001, 40, 22),
];

describe("sampling 'paper' against the papers' protocols", function () {
  this.timeout(600_000);
  const folder = suiteFolder('paper');

  /** The stride of each family's published checkpoints, in frames of 30 a second. */
  const published = { videomae: 4, timesformer: 32, vivit: 2 };

  for (const family of families) {
    const asPublished = { name: 'as published', stride: published[family], options: {} };
    const evenly = { name: 'spread evenly', stride: null, options: { sampling: { stride: null } } };
    for (const variant of family === 'vivit' ? [asPublished] : [asPublished, evenly]) {
      it(`${family}, tiny, ${variant.name}`, async () => {
        const checkpoint = join(folder(), family);
        const options = ['--family', family, '--size', 'tiny', '--seed', '13'];
        await runPython('test/reference/checkpoints.py', checkpoint, ...options);
        await compareAll(checkpoint, variant, clips, folder());
      });
    }

    it(`motion-${family}`, async () => {
      // Every fourth frame, as models/presets.json says of all three.
      await compareAll(inRoot('models', `motion-${family}`), { stride: 4, options: {} }, clips.slice(0, 3), folder());
    });
  }

  it('from files: the same frames, scores as close as another conversion of colours allows', async () => {
    for (const clip of samples.slice(0, 2)) {
      const frames = join(folder(), 'all.u8');
      const said = (await runPython('test/reference/all_frames.py', clip, frames)) as {
        shape: number[];
        times: number[];
      };
      const [, height = 0, width = 0] = said.shape;
      const video = { data: new Uint8Array(await readFile(frames)), width, height, timestamps: said.times };
      for (const family of families) {
        const checkpoint = inRoot('models', `motion-${family}`);
        const [expected] = await reference(checkpoint, 4, [{ name: clip, video }], folder());
        const { predictions, timestamps } = await classify(clip, { model: checkpoint, sampling: 'paper', topK: 10 });
        const times = expected?.clips.flat().map((frame) => said.times[frame] ?? NaN) ?? [];
        assert.ok(difference(timestamps, times).largest <= timeTolerance, `${clip}: the frames`);
        for (const { label, index, score } of predictions) {
          const there = expected?.scores[index] ?? NaN;
          assert.ok(Math.abs(score - there) <= fileTolerance, `${label}: ${score} here, ${there} there`);
        }
      }
    }
  });
});
