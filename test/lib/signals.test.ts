import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';

import { load } from '#lib/index';
import { onAbort } from '#lib/base/abort';

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('one signal for many calls', function () {
  this.timeout(60_000);
  const side = 16;
  const frames = { data: new Uint8Array(16 * side * side * 3), width: side, height: side };

  it('has one listener, which goes with the last call; an abort settles all; Node warns of nothing', async () => {
    const warnings: Error[] = [];
    const warn = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warn);
    try {
      await using model = await load('motion-vivit', { maxQueue: 2000 });
      const ended = new AbortController();
      await Promise.all(Array.from({ length: 20 }, () => model.classify(frames, { signal: ended.signal })));
      assert.equal(listeners(ended.signal), 0);

      const { signal } = ended;
      const calls = Array.from({ length: 1000 }, () => model.classify(frames, { signal }));
      const settled = Promise.allSettled(calls);
      assert.equal(listeners(signal), 1);
      const reason = new Error('the user left');
      ended.abort(reason);
      const outcomes = await settled;
      const aborted = outcomes.filter((outcome) => outcome.status === 'rejected');
      assert.ok(aborted.length > 900);
      assert.ok(aborted.every((outcome) => outcome.reason === reason));
      assert.equal(listeners(signal), 0);
    } finally {
      process.off('warning', warn);
    }
    assert.deepEqual(warnings, []);
  });

  it('tells those who wait in their order, over several turns when they are many, and not those who have left', async () => {
    const controller = new AbortController();
    const told: number[] = [];
    const stops = Array.from({ length: 2000 }, (_, i) => onAbort(controller.signal, () => void told.push(i)));
    for (const i of [0, 1999]) stops[i]?.();
    controller.abort();
    assert.ok(told.length < 1998);
    while (told.length < 1998) await new Promise(setImmediate);
    assert.deepEqual(
      told,
      Array.from({ length: 1998 }, (_, i) => i + 1),
    );
    onAbort(controller.signal, () => void told.push(-1));
    assert.equal(told.at(-1), -1);
  });

  it('tells the others when one throws, which is an uncaught exception', async () => {
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const uncaught = once(process, 'uncaughtException');
    try {
      const controller = new AbortController();
      let told = false;
      onAbort(controller.signal, () => {
        throw new Error('from a callback');
      });
      onAbort(controller.signal, () => {
        told = true;
      });
      controller.abort();
      assert.ok(told);
      assert.match(String((await uncaught)[0]), /from a callback/);
    } finally {
      for (const other of others) process.on('uncaughtException', other);
    }
  });
});
