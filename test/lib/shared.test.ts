import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { mock } from 'node:test';

import { Aborted } from '#lib/base/errors';
import { Shared } from '#lib/models/shared';

const idleTime = 60_000;

class FakeModel {
  disposed = false;

  dispose(): Promise<void> {
    this.disposed = true;
    return Promise.resolve();
  }
}

/** An opening in the test's hands. */
interface Opening {
  name: string;
  signal: AbortSignal;
  model: FakeModel;
  succeed(): void;
  fail(error: Error): void;
}

describe('shared models', () => {
  let openings: Opening[];
  let shared: Shared<FakeModel>;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    openings = [];
    shared = new Shared((name, signal) => {
      return new Promise<FakeModel>((resolve, reject) => {
        const model = new FakeModel();
        openings.push({
          name,
          signal,
          model,
          succeed: () => {
            resolve(model);
          },
          fail: reject,
        });
      });
    }, idleTime);
  });

  afterEach(() => {
    mock.timers.reset();
  });

  const opening = (index: number): Opening => openings[index] ?? assert.fail(`no opening ${index}`);
  const use = (name: string, signal?: AbortSignal): Promise<FakeModel> =>
    shared.with(name, signal, (model) => Promise.resolve(model));

  it('are loaded once by callers who come together, and used by later ones', async () => {
    const together = [use('a'), use('a')];
    opening(0).succeed();
    const [first, second] = await Promise.all(together);
    assert.equal(first, second);
    assert.equal(await use('a'), first);
    assert.equal(openings.length, 1);
  });

  it('are told apart by name', async () => {
    const both = [use('a'), use('b')];
    opening(0).succeed();
    opening(1).succeed();
    const [a, b] = await Promise.all(both);
    assert.notEqual(a, b);
  });

  it('are released when idle, and loaded again', async () => {
    const first = use('a');
    opening(0).succeed();
    const model = await first;
    mock.timers.tick(idleTime - 1);
    assert.equal(model.disposed, false);
    mock.timers.tick(1);
    await setImmediate();
    assert.equal(model.disposed, true);

    void use('a');
    assert.equal(openings.length, 2);
  });

  it('start to be idle anew with every call', async () => {
    const first = use('a');
    opening(0).succeed();
    const model = await first;
    mock.timers.tick(idleTime - 1);
    await use('a');
    mock.timers.tick(idleTime - 1);
    await setImmediate();
    assert.equal(model.disposed, false);
  });

  it('are not released while a call runs', async () => {
    let finish = (): void => undefined;
    const call = shared.with(
      'a',
      undefined,
      (model) =>
        new Promise<FakeModel>((resolve) => {
          finish = () => {
            resolve(model);
          };
        }),
    );
    opening(0).succeed();
    await setImmediate();
    await use('a');
    mock.timers.tick(idleTime * 2);
    await setImmediate();
    assert.equal(opening(0).model.disposed, false);
    finish();
    await call;
    mock.timers.tick(idleTime);
    await setImmediate();
    assert.equal(opening(0).model.disposed, true);
  });

  it('outlive a call that fails', async () => {
    const call = shared.with('a', undefined, () => Promise.reject(new Error('not a video')));
    opening(0).succeed();
    await assert.rejects(call, /not a video/);
    await use('a');
    assert.equal(openings.length, 1);
  });

  it('go on loading for the others when one caller aborts', async () => {
    const controller = new AbortController();
    const aborted = use('a', controller.signal);
    const patient = use('a');
    controller.abort();
    await assert.rejects(aborted, Aborted);
    assert.equal(opening(0).signal.aborted, false);
    opening(0).succeed();
    assert.equal((await patient).disposed, false);
  });

  it('stop loading when all callers have aborted', async () => {
    const controller = new AbortController();
    const calls = [use('a', controller.signal), use('a', controller.signal)];
    controller.abort();
    for (const call of calls) await assert.rejects(call, Aborted);
    assert.equal(opening(0).signal.aborted, true);

    void use('a');
    assert.equal(openings.length, 2, 'a later caller does not get the load that was stopped');
    opening(0).succeed();
    await setImmediate();
    assert.equal(opening(0).model.disposed, true, 'a load that could not be stopped any more is let go');
  });

  it('load nothing for a signal that is aborted already', async () => {
    await assert.rejects(use('a', AbortSignal.abort()), Aborted);
    assert.equal(openings.length, 0);
  });

  it('fail all who waited when loading fails, and try again for the next', async () => {
    const calls = [use('a'), use('a')];
    opening(0).fail(new Error('no such model'));
    for (const call of calls) await assert.rejects(call, /no such model/);
    void use('a');
    assert.equal(openings.length, 2);
  });
});
