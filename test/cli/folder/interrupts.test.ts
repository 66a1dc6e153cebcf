import assert from 'node:assert/strict';

import { Interrupts } from '#lib/cli/base/interrupts';

describe('interrupts', () => {
  it('end all at once, unless there is work that can end gently', () => {
    const interrupts = new Interrupts();
    assert.equal(interrupts.signal.aborted, false);
    assert.equal(interrupts.interrupt('SIGINT', 0), false);
    assert.equal(interrupts.signal.aborted, true);
    assert.equal(interrupts.exitCode, 130);
  });

  it('end work gently at first, then at once, then in the usual way', async () => {
    const interrupts = new Interrupts();
    await interrupts.gently((stop) => {
      const seen = (): boolean[] => [stop.aborted, interrupts.signal.aborted];
      assert.deepEqual(seen(), [false, false]);
      assert.equal(interrupts.interrupt('SIGINT', 0), false);
      assert.deepEqual(seen(), [true, false]);
      assert.equal(interrupts.interrupt('SIGINT', 1000), false);
      assert.deepEqual(seen(), [true, true]);
      assert.equal(interrupts.interrupt('SIGINT', 2000), true);
      return Promise.resolve();
    });
  });

  it('end all at once when that work is over, however it ended', async () => {
    for (const end of [() => Promise.resolve(1), () => Promise.reject(new Error('no'))]) {
      const interrupts = new Interrupts();
      await interrupts.gently(end).catch(() => undefined);
      interrupts.interrupt('SIGTERM', 0);
      assert.equal(interrupts.signal.aborted, true);
    }
  });

  it('count one press once that comes twice, as by way of npm, and another signal always', async () => {
    const interrupts = new Interrupts();
    await interrupts.gently((stop) => {
      interrupts.interrupt('SIGINT', 0);
      interrupts.interrupt('SIGINT', 5);
      assert.deepEqual([stop.aborted, interrupts.signal.aborted], [true, false]);
      interrupts.interrupt('SIGTERM', 6);
      assert.equal(interrupts.signal.aborted, true);
      return Promise.resolve();
    });
  });

  for (const [name, code] of [
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`say with the exit code which came first: ${name}`, () => {
      const interrupts = new Interrupts();
      interrupts.interrupt(name, 0);
      interrupts.interrupt('SIGINT', 1000);
      assert.equal(interrupts.exitCode, code);
    });
  }
});
