import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';

import { abortable } from '#lib/base/abort';
import { Aborted } from '#lib/base/errors';
import type { NativeTask } from '#lib/native/binding';
import { runTask } from '#lib/native/run-task';

/** A native task in the test's hands: `cancel` rejects as the addon does. */
class FakeTask implements NativeTask<string> {
  resolve!: (value: string) => void;
  reject!: (error: Error) => void;
  cancellations = 0;
  readonly promise = new Promise<string>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  cancel(): void {
    this.cancellations++;
    this.reject(Object.assign(new Error('The call was cancelled.'), { code: 'CANCELLED' }));
  }
}

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('runTask', () => {
  it('gives what the task gives, with and without a signal', async () => {
    for (const signal of [undefined, new AbortController().signal]) {
      const task = new FakeTask();
      const result = runTask(() => task, signal);
      task.resolve('done');
      assert.equal(await result, 'done');
      assert.equal(task.cancellations, 0);
      if (signal !== undefined) assert.equal(listeners(signal), 0);
    }
  });

  it('starts at once, so that calls keep their order', () => {
    let started = false;
    void runTask(() => {
      started = true;
      return new FakeTask();
    });
    assert.ok(started);
  });

  it('starts nothing with a signal that is aborted already', async () => {
    const start = (): never => assert.fail('started');
    await assert.rejects(runTask(start, AbortSignal.abort()), Aborted);
  });

  it('cancels on abort, once', async () => {
    const controller = new AbortController();
    const task = new FakeTask();
    const result = runTask(() => task, controller.signal);
    assert.equal(listeners(controller.signal), 1);
    controller.abort();
    await assert.rejects(result, Aborted);
    assert.equal(task.cancellations, 1);
    assert.equal(listeners(controller.signal), 0);
  });

  it('does not hide a failure that came before the abort', async () => {
    const controller = new AbortController();
    const task = new FakeTask();
    const result = runTask(() => task, controller.signal);
    const failure = Object.assign(new Error('no video'), { code: 'NOT_A_VIDEO' });
    task.reject(failure);
    controller.abort();
    await assert.rejects(result, failure);
    assert.equal(listeners(controller.signal), 0);
  });
});

describe('abortable', () => {
  it('gives what the work gives', async () => {
    const { signal } = new AbortController();
    assert.equal(await abortable(Promise.resolve(1)), 1);
    assert.equal(await abortable(Promise.resolve(1), signal), 1);
    await assert.rejects(abortable(Promise.reject(new Error('no')), signal), /no/);
    assert.equal(listeners(signal), 0);
  });

  it('ends the waiting and not the work', async () => {
    const controller = new AbortController();
    let finish: (value: string) => void = () => undefined;
    const work = new Promise<string>((resolve) => {
      finish = resolve;
    });
    const waiting = abortable(work, controller.signal);
    controller.abort();
    await assert.rejects(waiting, Aborted);
    assert.equal(listeners(controller.signal), 0);
    finish('finished all the same');
    assert.equal(await work, 'finished all the same');
  });

  it('rejects at once with a signal that is aborted already', async () => {
    await assert.rejects(abortable(Promise.resolve(1), AbortSignal.abort()), Aborted);
  });
});
