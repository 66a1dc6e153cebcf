import assert from 'node:assert/strict';

import { type ChildRun, runChild } from './child';
import { fullSizeModel } from './fixtures';

describe('an AbortSignal or a time limit', function () {
  this.timeout(300_000);
  let run: ChildRun;
  before(async () => {
    run = await runChild('abort', [await fullSizeModel()]);
    assert.ok(run.said.has('done'), run.stderr);
  });

  const stages = ['queued', 'forward', 'waiting to decode', 'decoding'];
  for (const stage of ['loading', ...stages, ...stages.map((name) => `${name}, no time left`)]) {
    it(`settles the promise within 100 ms with its own reason: ${stage}`, () => {
      const { settled, own } = run.said.get(stage) as { settled: number; own: boolean };
      assert.ok(own);
      assert.ok(settled < 100, `${settled.toFixed(0)} ms`);
    });
  }

  it('stops the forward pass at the next block', () => {
    const busy = run.said.get('busy after abort') as number;
    assert.ok(busy < 2000, `busy for ${busy.toFixed(0)} ms`);
  });
});
