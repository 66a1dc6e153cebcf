import assert from 'node:assert/strict';

import { runChild } from './child';
import { slowdown } from '../support/slowdown';
import { smallModel } from './fixtures';

interface Lateness {
  latest: number;
  turns: number;
  took: number;
}

/** Other processes can make a timer late as well: the best of three tries, on the machine's own scale, is tubelet's own. */
async function lateness(model: string, limit: number): Promise<Lateness> {
  let best: Lateness = { latest: Infinity, turns: 0, took: 0 };
  for (let attempt = 0; attempt < 3 && best.latest > 50; attempt++) {
    const run = await runChild('event-loop', [model], { limit });
    assert.equal(run.code, 0, run.stderr);
    const { latest, turns, took } = run.said.get('late') as Lateness;
    const slow = slowdown();
    const measured = { latest: latest / slow, turns: turns * slow, took };
    if (measured.latest < best.latest) best = measured;
  }
  return best;
}

describe('the event loop', function () {
  this.timeout(200_000);

  it('runs a 5 ms timer never more than 50 ms late while 20 clips are classified', async () => {
    const { latest, turns, took } = await lateness(smallModel, 60_000);
    assert.ok(latest <= 50, `${latest.toFixed(0)} ms late`);
    assert.ok(turns > took / 60, `${turns} turns in ${took.toFixed(0)} ms`);
  });
});
