import assert from 'node:assert/strict';

import { runChild } from './child';
import { smallModel } from './fixtures';

describe('a loaded model', function () {
  this.timeout(60_000);

  for (const state of ['fresh', 'used']) {
    it(`does not keep the process alive when idle (${state}, never disposed)`, async () => {
      const run = await runChild('idle', [state, smallModel], { limit: 30_000 });
      assert.deepEqual(
        { code: run.code, signal: run.signal, stderr: run.stderr },
        { code: 0, signal: null, stderr: '' },
      );
      assert.ok(run.sinceSaid.get('idle')! < 1500, `${run.sinceSaid.get('idle')} ms`);
    });
  }

  it('keeps the process alive while a call is pending', async () => {
    const run = await runChild('idle', ['pending', smallModel], { limit: 30_000 });
    assert.equal(run.code, 0, run.stderr);
    assert.equal(run.said.get('settled'), 5);
  });
});
