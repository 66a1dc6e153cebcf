import assert from 'node:assert/strict';

import { type ChildRun, runChild } from './child';
import { slowdown } from '../support/slowdown';
import { fullSizeModel, smallModel } from './fixtures';

/** Ends a child process in the middle of work, and checks that it was in the middle. */
async function endingIn(how: string, when: string, model: string): Promise<ChildRun> {
  const run = await runChild('ending', [how, when, model]);
  assert.deepEqual(run.said.get('ending'), { pending: true }, run.stderr);
  return run;
}

describe('a process that ends in the middle of work', function () {
  this.timeout(300_000);
  let fullSize = '';
  before(async () => {
    fullSize = await fullSizeModel();
  });

  it('process.exit() in the forward pass of a full-size model keeps the exit code and takes under 1.5 s', async () => {
    const took: number[] = [];
    // Each of three must keep its code: a thread left inside a matrix product brings a process down most of the times,
    // not always. The fastest must be in time, on the machine's own scale: what slows the others down is other processes.
    for (let attempt = 0; attempt < 3; attempt++) {
      const { code, signal, stderr, sinceSaid } = await endingIn('exit', 'forward', fullSize);
      assert.deepEqual({ code, signal, stderr }, { code: 7, signal: null, stderr: '' });
      took.push(sinceSaid.get('ending')! / slowdown());
    }
    assert.ok(Math.min(...took) < 1500, `took ${took.map(Math.round).join(', ')} ms`);
  });

  for (const when of ['load', 'decode', 'windows', 'batch', 'gathering']) {
    it(`process.exit() in the middle of ${when} keeps the exit code`, async () => {
      const { code, signal, stderr } = await endingIn('exit', when, fullSize);
      assert.deepEqual({ code, signal, stderr }, { code: 7, signal: null, stderr: '' });
    });
  }

  it('process.exit() in an exit listener that was there first keeps its exit code', async () => {
    const { code, signal, stderr } = await endingIn('exit-in-listener', 'forward', fullSize);
    assert.deepEqual({ code, signal, stderr }, { code: 8, signal: null, stderr: '' });
  });

  for (const when of ['load', 'decode', 'forward', 'batch', 'gathering']) {
    it(`an exception that nobody catches, in the middle of ${when}, is reported as ever`, async () => {
      const { code, signal, stderr } = await endingIn('throw', when, fullSize);
      assert.deepEqual({ code, signal }, { code: 1, signal: null });
      assert.match(stderr, /Error: thrown in mid-job/);
    });
  }

  it('SIGTERM in the forward pass ends it at once', async () => {
    const { code, signal } = await endingIn('terminate', 'forward', fullSize);
    assert.deepEqual({ code, signal }, { code: null, signal: 'SIGTERM' });
  });
});

describe('a process that exits at whatever moment', function () {
  this.timeout(120_000);
  for (const moment of [0, 20, 40, 80, 160, 240, 320, 400]) {
    it(`${moment} ms into loading, reading and running a small model`, async () => {
      const { code, signal, stderr } = await endingIn('exit', String(moment), smallModel);
      assert.deepEqual({ code, signal, stderr }, { code: 7, signal: null, stderr: '' });
    });
  }
});
