import assert from 'node:assert/strict';

import { type ChildRun, runChild } from './child';
import { fullSizeModel, smallModel } from './fixtures';

/** Milliseconds that a block of the full-size model and the end of a worker take at most. */
const oneBlock = 1500;

async function succeeds(...args: string[]): Promise<ChildRun> {
  const run = await runChild('workers', args);
  assert.deepEqual({ code: run.code, signal: run.signal, stderr: run.stderr }, { code: 0, signal: null, stderr: '' });
  return run;
}

describe('worker threads', function () {
  this.timeout(300_000);
  let fullSize = '';
  before(async () => {
    fullSize = await fullSizeModel();
  });

  it('share the weights of one checkpoint', async () => {
    const { said } = await succeeds('share', fullSize);
    const [first, second, released] = ['worker 0', 'worker 1', 'released'].map((event) => said.get(event) as number);
    assert.ok(first! > 300e6, `the first took ${first} bytes`);
    assert.ok(second! < 0.2 * first!, `the first took ${first} bytes, the second ${second}`);
    assert.ok(released! > 0.8 * 350e6, `${released} bytes came back`);
  });

  it('may be terminated in the forward pass, while others go on', async () => {
    const { said } = await succeeds('terminate', fullSize, smallModel);
    const took = [0, 1].map((round) => said.get(`terminated ${round}`) as number);
    assert.ok(Math.min(...took) < oneBlock, `took ${took.map(Math.round).join(', ')} ms`);
    for (const round of [0, 1]) assert.ok((said.get(`classes ${round}`) as number) > 1);
  });

  it('need not wait for the forward passes of other threads to be terminated', async () => {
    const { said } = await succeeds('terminateWaiting', fullSize);
    assert.ok((said.get('terminated') as number) < 500, `${said.get('terminated') as number} ms`);
    assert.equal(said.get('main still runs'), true);
  });

  it('may be terminated in the middle of a batch, while others go on', async () => {
    const { said } = await succeeds('terminateBatch', fullSize, smallModel);
    for (const round of [0, 1, 2]) assert.equal(said.get(`results ${round}`), 40);
  });

  it('may be terminated while they start, load or run', async () => {
    const { said } = await succeeds('terminateEarly', smallModel);
    assert.ok(said.has('survived'));
  });

  it('may call process.exit() in the forward pass', async () => {
    const { said } = await succeeds('exitWorker', fullSize);
    assert.equal(said.get('worker exited'), 9);
  });

  it('do not keep process.exit() of the main thread from keeping its code', async () => {
    const { code, signal, stderr } = await runChild('workers', ['exitMain', fullSize]);
    assert.deepEqual({ code, signal, stderr }, { code: 7, signal: null, stderr: '' });
  });
});
