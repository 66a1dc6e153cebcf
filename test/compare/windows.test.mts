import assert from 'node:assert/strict';
import { join } from 'node:path';

import { type ClassifyResult, type ClassifyWindowsResult, type Model, type WindowOptions, load } from '#lib/index';
import type { ModelClipOptions } from '#lib/options/reading';

import { fixtureFolder, fixtures } from '../../test/fixtures/make.mjs';
import { inRoot } from '../support/paths.js';

const sample = (name: string): string => inRoot('samples', `${name}.mp4`);

/** Every window against a call for that part alone: what was seen and what came of it, to the bit. */
async function compare(
  model: Model,
  path: string,
  windows: WindowOptions,
  options: Omit<ModelClipOptions, 'windows'> = {},
): Promise<ClassifyWindowsResult> {
  const found = await model.classify(path, { ...options, windows, logits: true });
  assert.ok(found.windows.length > 0);
  for (const { start, end, warnings, milliseconds, ...window } of found.windows) {
    const alone: ClassifyResult = await model.classify(path, { ...options, start, end, logits: true });
    const { checkpoint, device, precision, scores } = found;
    const expected: Partial<ClassifyResult> = { ...alone };
    delete expected.milliseconds;
    assert.deepEqual(
      { ...window, warnings: [...found.warnings, ...warnings], checkpoint, device, precision, scores },
      expected,
    );
    assert.ok(milliseconds.infer > 0);
  }
  return found;
}

describe('windows equal the same parts classified alone', function () {
  this.timeout(120_000);

  for (const name of ['motion-videomae', 'motion-timesformer', 'motion-vivit']) {
    it(`by ${name}: side by side, overlapping and apart`, async () => {
      await using model = await load(name);
      const side = await compare(model, sample('nasa_13013'), { length: 3 });
      assert.deepEqual(
        side.windows.map(({ start }) => start),
        [0, 3, 6, 9],
      );
      await compare(model, sample('pan-right'), { length: 1.2, stride: 0.5 });
      await compare(model, sample('zoom-in'), { length: 0.4, stride: 1 }, { sampling: 'spread' });
      await compare(model, sample('tilt-up'), { length: 1 }, { recipe: 'tutorial', start: 0.5, end: 2.2 });
    });
  }

  it('as embeddings too', async () => {
    await using model = await load('motion-vivit');
    const options = { normalize: true, layer: 1, pooling: 'none' } as const;
    const found = await model.embed(sample('shake'), { ...options, windows: { length: 1, stride: 0.75 } });
    assert.equal(found.normalized, true);
    for (const { start, end, data, shape, timestamps } of found.windows) {
      const alone = await model.embed(sample('shake'), { ...options, start, end });
      assert.deepEqual(
        { data, shape, timestamps },
        { data: alone.data, shape: alone.shape, timestamps: alone.timestamps },
      );
    }
  });

  const readable = fixtures.filter(({ error, tolerated }) => error.length === 0 || tolerated === true);
  describe('of every kind of file', () => {
    let model: Model;
    before(async () => {
      model = await load('motion-videomae');
    });
    after(() => model.dispose());

    for (const { name } of readable) {
      it(name, async () => {
        const path = join(await fixtureFolder(), name);
        await compare(
          model,
          path,
          { length: 0.5, stride: 0.3 },
          { sampling: 'spread', onCorrupt: 'tolerate', end: 1.7 },
        );
      });
    }
  });

  it('of frames that somebody else has decoded', async () => {
    await using model = await load('motion-videomae');
    const count = 40;
    const data = Uint8Array.from({ length: count * 64 * 64 * 3 }, (_, i) => (i * 2654435761) >>> 24);
    const frames = { data, width: 64, height: 64, fps: 10 };
    const found = await model.classify(frames, { windows: { length: 2, stride: 1 }, logits: true });
    assert.equal(found.windows.length, 3);
    for (const { start, end, logits } of found.windows) {
      assert.deepEqual(logits, (await model.classify(frames, { start, end, logits: true })).logits);
    }
  });
});
