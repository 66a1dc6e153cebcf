import assert from 'node:assert/strict';
import { join } from 'node:path';

import { exportModel } from '#lib/index';

import { inRoot } from '../support/paths';
import { runPython } from '../support/python';
import { suiteFolder } from '../support/temp';
import { type ChildRun, runChild } from './child';
import { fullSizeModel, smallModel } from './fixtures';

const megabyte = 1 << 20;

function number(run: ChildRun, event: string): number {
  const value = run.said.get(event);
  assert.equal(typeof value, 'number', `${event}: ${run.stderr}`);
  return value as number;
}

describe('memory', function () {
  this.timeout(300_000);

  const exports = suiteFolder('memory');

  async function cycles(model: string): Promise<void> {
    const run = await runChild('cycles', [model, '50'], { limit: 200_000, node: ['--expose-gc'] });
    assert.equal(run.code, 0, run.stderr);
    const resident = run.said.get('resident') as number[];
    const mean = (from: number, to: number): number =>
      resident.slice(from, to).reduce((sum, bytes) => sum + bytes, 0) / (to - from);
    // The first cycles fill caches of V8, LibTorch and malloc. One leaked copy of the weights a cycle would be 7 MB each.
    const growth = (mean(45, 50) - mean(20, 25)) / megabyte;
    assert.ok(growth < 10, `grew by ${growth.toFixed(1)} MB over 25 cycles: ${resident.map((b) => b >> 20).join(' ')}`);
  }

  it('levels off over 50 cycles of load, classify and dispose', () => cycles(smallModel));

  it('levels off so with an export, and with a trace', async () => {
    const exported = join(exports(), 'export.pt');
    await exportModel(smallModel, exported);
    await cycles(exported);
    await runPython('test/reference/torchscript.py', 'make', exports(), inRoot('models', smallModel));
    await cycles(join(exports(), 'metadata.pt'));
  });

  for (const how of ['dispose', 'forget']) {
    it(`of a full-size model's weights is given back on ${how === 'dispose' ? 'dispose()' : 'garbage collection'}`, async () => {
      const run = await runChild('weights', [await fullSizeModel(), how], { node: ['--expose-gc'] });
      assert.equal(run.code, 0, run.stderr);
      const weights = number(run, 'weights');
      assert.ok(weights > 300 * megabyte);
      const released = number(run, 'loaded') - number(run, 'released');
      assert.ok(
        released > 0.8 * weights,
        `${(released / megabyte).toFixed(0)} MB of ${(weights / megabyte).toFixed(0)} MB`,
      );
    });
  }

  it('of a checkpoint is taken once, however its pixels are prepared', async () => {
    const run = await runChild('sharing', [await fullSizeModel()]);
    assert.equal(run.code, 0, run.stderr);
    const [first, second] = [number(run, 'antialias'), number(run, 'plain')];
    assert.ok(first > 300 * megabyte, `the first took ${first} bytes`);
    assert.ok(second < 0.2 * first, `the first took ${first} bytes, the second ${second}`);
  });

  it('of models that were forgotten comes back in time, without anybody asking for a collection', async () => {
    const count = 60;
    const run = await runChild('forget', [smallModel, String(count)]);
    assert.equal(run.code, 0, run.stderr);
    const [most, all] = [number(run, 'most'), number(run, 'weights') * count];
    // V8 sees small objects. It hurries because it is told what hangs on them (AdjustExternalMemory).
    assert.ok(most < 0.6 * all, `${(most / megabyte).toFixed(0)} MB of ${(all / megabyte).toFixed(0)} MB in use`);
  });
});
