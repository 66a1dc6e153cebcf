import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

import type { Batch, BatchItem } from '#lib/batch/batch';
import { TubeletError } from '#lib/index';

import { Counting, FakePool, QuickPool, startBatch, turns } from '../support/batch';

type Item = BatchItem<unknown, string>;

/** What has become of a promise by now. */
function watch<T>(promise: Promise<T>): { value?: T; reason?: unknown } {
  const seen: { value?: T; reason?: unknown } = {};
  promise.then(
    (value) => (seen.value = value),
    (reason: unknown) => (seen.reason = reason),
  );
  return seen;
}

async function collect(batch: Batch<unknown, string>): Promise<{ items: Item[]; reason?: unknown }> {
  const items: Item[] = [];
  try {
    for await (const item of batch) items.push(item);
    return { items };
  } catch (reason) {
    return { items, reason };
  }
}

const done = { done: true, value: undefined };

function indices(items: Item[]): number[] {
  return items.map(({ index }) => index);
}

describe('a batch', () => {
  for (const kind of ['sync', 'async'] as const) {
    it(`does nothing before its first item is asked for: ${kind} inputs`, async () => {
      const [pool, counting] = [new FakePool(), new Counting()];
      const batch = startBatch(pool, counting[kind]());
      await turns();
      assert.equal(counting.asked, 0);
      assert.equal(pool.opened, 0);
      assert.equal(batch.summary.seconds, 0);
      await batch.return();
      assert.deepEqual(await batch.next(), done);
      assert.deepEqual([counting.asked, counting.returned, pool.opened], [0, 0, 0]);
    });

    it(`gives every input its item, in order: ${kind} inputs`, async () => {
      const pool = new QuickPool();
      const { items } = await collect(startBatch(pool, new Counting(5)[kind](), { concurrency: 3 }));
      assert.deepEqual(
        items,
        [0, 1, 2, 3, 4].map((input) => ({ input, index: input, result: `${input} done` })),
      );
      assert.equal(pool.closed, 1);
    });

    it(`never reads further ahead than there is room: ${kind} inputs`, async () => {
      const [pool, counting] = [new QuickPool(), new Counting()];
      const batch = startBatch(pool, counting[kind](), { concurrency: 3 });
      for (let taken = 1; taken <= 20; taken++) {
        assert.equal((await batch.next()).done, false);
        await turns(); // a consumer who stops asking stops the reading
        assert.equal(counting.asked, taken + 3);
        assert.equal(pool.begun.length, taken + 3);
      }
      await batch.return();
    });

    it(`ends inputs that are left early: ${kind} inputs`, async () => {
      const [pool, counting] = [new QuickPool(), new Counting()];
      for await (const { index } of startBatch(pool, counting[kind]())) if (index === 3) break;
      assert.equal(counting.returned, 1);
      assert.equal(pool.closed, 1);
      assert.ok(pool.signals.every(({ aborted }) => aborted));
    });

    it(`gives what was finished and then the error of inputs that throw: ${kind} inputs`, async () => {
      const broken = new Error('the folder is gone');
      const inputs = { sync: () => gone(), async: () => goneLater() };
      function* gone(): Generator<number> {
        yield* [0, 1];
        throw broken;
      }
      async function* goneLater(): AsyncGenerator<number> {
        await turns(1);
        yield* gone();
      }
      const pool = new QuickPool();
      const batch = startBatch(pool, inputs[kind](), { concurrency: 8 });
      const { items, reason } = await collect(batch);
      assert.deepEqual(indices(items), [0, 1]);
      assert.equal(reason, broken);
      assert.deepEqual(await batch.next(), done);
      assert.equal(pool.closed, 1);
    });
  }

  it('waits for items in flight before it rejects with the error of its inputs', async () => {
    const pool = new FakePool();
    const batch = startBatch(pool, throwing(), { concurrency: 4 });
    function* throwing(): Generator<string> {
      yield 'a';
      throw new Error('no more');
    }
    const first = watch(batch.next());
    const second = watch(batch.next());
    await turns();
    assert.deepEqual([first, second], [{}, {}]);
    pool.finish('a');
    await turns();
    assert.deepEqual(first.value?.value, { input: 'a', index: 0, result: 'a done' });
    assert.match(String(second.reason), /no more/);
  });

  it('rejects with the error of inputs that cannot even be iterated over', async () => {
    const broken = new Error('not today');
    const inputs = {
      [Symbol.iterator]: (): Iterator<number> => {
        throw broken;
      },
    };
    const pool = new FakePool();
    assert.deepEqual(await collect(startBatch(pool, inputs)), { items: [], reason: broken });
    assert.equal(pool.closed, 1);
  });

  it('rejects when its workers cannot be had, from the line that called', async () => {
    const pool = new FakePool();
    const counting = new Counting();
    const open = (): never => {
      throw Object.assign(new Error('no threads'), { code: 'OUT_OF_MEMORY' });
    };
    const { reason } = await collect(startBatch(pool, counting.sync(), { open }));
    assert.ok(reason instanceof TubeletError);
    assert.equal(reason.code, 'OUT_OF_MEMORY');
    assert.equal(counting.asked, 0);
  });

  it('holds finished items back until their turn, in the order of inputs', async () => {
    const pool = new FakePool();
    const batch = startBatch(pool, ['a', 'b', 'c'], { concurrency: 3 });
    const asked = [batch.next(), batch.next(), batch.next()].map(watch);
    pool.finish('c', 'b');
    await turns();
    assert.deepEqual(asked, [{}, {}, {}]);
    pool.finish('a');
    await turns();
    assert.deepEqual(
      asked.map(({ value }) => value?.value?.input),
      ['a', 'b', 'c'],
    );
  });

  it('gives items as they are finished, in the order of completion', async () => {
    const pool = new FakePool();
    const batch = startBatch(pool, ['a', 'b', 'c', 'd'], { concurrency: 3, order: 'completed' });
    const first = batch.next();
    pool.finish('c');
    assert.equal((await first).value?.index, 2);
    await turns();
    assert.equal(pool.begun.length, 4); // its room is taken by the next
    pool.finish('d', 'b', 'a');
    const { items } = await collect(batch);
    assert.deepEqual(indices(items), [3, 1, 0]);
  });

  it('reads no further while the oldest item takes its time, however many behind it are finished', async () => {
    const [pool, counting] = [new FakePool(), new Counting()];
    const batch = startBatch(pool, counting.sync(), { concurrency: 4 });
    const first = watch(batch.next());
    for (let i = 1; i < 4; i++) pool.finish(i);
    await turns();
    assert.equal(counting.asked, 4);
    assert.deepEqual(first, {});
    await batch.return();
  });

  it('makes an item of every failure, with the stack of the line that called', async () => {
    const pool = new FakePool();
    const batch = startBatch(pool, ['a', 'b', 'c'], { concurrency: 3 });
    const items = collect(batch);
    pool.fail('a', new TubeletError('CORRUPT_VIDEO', 'broken'));
    pool.fail('b', new Error('a fault of ours'));
    pool.finish('c');
    const [a, b, c] = (await items).items;
    assert.equal(a?.error?.code, 'CORRUPT_VIDEO');
    assert.equal(a.result, undefined);
    assert.equal(b?.error?.code, 'INTERNAL');
    assert.equal(c?.result, 'c done');
    for (const { error } of [a, b]) assert.match(error?.stack?.split('\n')[1] ?? '', /lib\/batch\.test/);
  });

  it('answers calls of next() that do not wait for one another, and is done for ever after', async () => {
    const batch = startBatch(new QuickPool(), new Counting(3).async());
    const answers = await Promise.all(Array.from({ length: 6 }, () => batch.next()));
    assert.deepEqual(
      answers.map(({ done: ended, value }) => (ended === true ? 'done' : value.index)),
      [0, 1, 2, 'done', 'done', 'done'],
    );
    assert.deepEqual(await batch.next(), done);
    assert.deepEqual(await batch.return(), done);
    assert.deepEqual(await collect(batch), { items: [] });
  });

  it('of nothing is done at once', async () => {
    const pool = new FakePool();
    assert.deepEqual(await collect(startBatch(pool, [])), { items: [] });
    assert.equal(pool.closed, 1);
  });

  it('gives its workers back when the last item has been taken, though nobody asks for another', async () => {
    const pool = new QuickPool();
    const batch = startBatch(pool, ['a']);
    await batch.next();
    assert.equal(pool.closed, 1);
  });

  it('lets the event loop have its turn among items that all fail at once', async () => {
    const pool = new FakePool();
    pool.work = () => Promise.reject(new TubeletError('INVALID_ARGUMENT', 'not a video'));
    const batch = startBatch(pool, new Counting(10_000).sync(), { concurrency: 10 });
    let turnsHad = 0;
    const count = (): void => {
      turnsHad++;
      if (!ended) setImmediate(count);
    };
    let ended = false;
    setImmediate(count);
    const { items } = await collect(batch);
    ended = true;
    assert.equal(items.length, 10_000);
    assert.ok(turnsHad > 500, `${turnsHad} turns`);
  });
});

describe('a batch that is left', () => {
  it('settles calls of next() that wait, though its inputs never will', async () => {
    const pool = new FakePool();
    const inputs = { returned: 0 };
    const stuck: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => undefined),
        return: () => {
          inputs.returned++;
          return new Promise(() => undefined);
        },
      }),
    };
    const batch = startBatch(pool, stuck);
    const waiting = [batch.next(), batch.next()];
    await turns();
    assert.deepEqual(await batch.return(), done);
    assert.deepEqual(await Promise.all(waiting), [done, done]);
    assert.equal(inputs.returned, 1);
    assert.equal(pool.closed, 1);
  });

  it('cancels what is in flight, and settles when nothing runs any more', async () => {
    const pool = new FakePool(true);
    const batch = startBatch(pool, new Counting().sync());
    const waiting = batch.next();
    const left = watch(batch.return());
    assert.deepEqual(await waiting, done); // at once
    await turns();
    assert.ok(pool.signals.length === 2 && pool.signals.every(({ aborted }) => aborted));
    assert.deepEqual(left, {});
    pool.release();
    await turns();
    assert.deepEqual(left.value, done);
    assert.equal(pool.begun.length, 2);
  });

  it('with throw() rejects with that error', async () => {
    const pool = new FakePool();
    const batch = startBatch(pool, ['a']);
    const waiting = batch.next();
    const mine = new Error('mine');
    await assert.rejects(batch.throw(mine), mine);
    assert.deepEqual(await waiting, done);
    assert.equal(pool.closed, 1);
  });

  it('with await using is ended', async () => {
    const [pool, counting] = [new QuickPool(), new Counting()];
    {
      await using batch = startBatch(pool, counting.sync());
      await batch.next();
    }
    assert.deepEqual([counting.returned, pool.closed], [1, 1]);
  });

  it('by its own inputs, in the middle of giving one, is ended all the same', async () => {
    const pool = new FakePool();
    function* leaving(): Generator<string> {
      yield 'a';
      left = batch.return();
      yield 'b';
    }
    let left: Promise<unknown> | undefined;
    const batch: Batch<unknown, string> = startBatch(pool, leaving());
    assert.deepEqual(await batch.next(), done);
    assert.deepEqual(await left, done);
    assert.ok(pool.signals.every(({ aborted }) => aborted));
  });

  it('ends an input that comes too late', async () => {
    const pool = new FakePool();
    let give: (input: string) => void = () => undefined;
    const late: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({
        next: () =>
          new Promise(
            (resolve) =>
              (give = (value) => {
                resolve({ done: false, value });
              }),
          ),
      }),
    };
    const batch = startBatch(pool, late);
    const waiting = batch.next();
    await batch.return();
    give('a stream, perhaps');
    await turns();
    assert.deepEqual(await waiting, done);
    assert.deepEqual(pool.begun, ['a stream, perhaps']);
    assert.ok(pool.signals[0]?.aborted); // which ends a stream without reading it
    assert.equal(batch.summary.items, 0);
  });
});

describe('a batch that is aborted', () => {
  const reason = new Error('the user left');

  it('before it begins rejects with the reason and touches nothing', async () => {
    const [pool, counting] = [new FakePool(), new Counting()];
    const batch = startBatch(pool, counting.sync(), { signal: AbortSignal.abort(reason) });
    assert.deepEqual(await collect(batch), { items: [], reason });
    assert.deepEqual([counting.asked, pool.opened], [0, 0]);
    assert.deepEqual(await batch.next(), done);
  });

  it('while inputs are read, items are in flight and calls wait, rejects those at once', async () => {
    const [pool, controller] = [new FakePool(true), new AbortController()];
    const batch = startBatch(pool, new Counting().async(), { signal: controller.signal });
    const waiting = [batch.next(), batch.next()].map(watch);
    await turns(2);
    controller.abort(reason);
    await Promise.resolve();
    assert.deepEqual(waiting, [{ reason }, { reason }]);
    assert.deepEqual(await batch.next(), done);
    assert.equal(pool.closed, 1);
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  });

  it('while nobody waits rejects the next call, and drops what was finished', async () => {
    const [pool, counting, controller] = [new QuickPool(), new Counting(), new AbortController()];
    const batch = startBatch(pool, counting.sync(), { signal: controller.signal });
    await batch.next();
    await turns();
    controller.abort(reason);
    await turns();
    assert.equal(counting.returned, 1);
    await assert.rejects(batch.next(), reason);
    assert.deepEqual(await batch.next(), done);
  });

  it('and left has nothing more to say', async () => {
    const controller = new AbortController();
    const batch = startBatch(new QuickPool(), new Counting().sync(), { signal: controller.signal });
    await batch.next();
    controller.abort(reason);
    await batch.return();
    assert.deepEqual(await batch.next(), done);
  });

  it('after its end is none the wiser, and the signal is let go of', async () => {
    const controller = new AbortController();
    const batch = startBatch(new QuickPool(), ['a'], { signal: controller.signal });
    await collect(batch);
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
    controller.abort(reason);
    assert.deepEqual(await batch.next(), done);
  });
});

describe('a batch whose model is disposed', () => {
  it('gives what is finished, leaves out what was refused, and rejects with DISPOSED', async () => {
    const [pool, counting] = [new FakePool(), new Counting()];
    const batch = startBatch(pool, counting.sync(), { concurrency: 4 });
    const collected = collect(batch);
    const gone = (): Error => Object.assign(new Error('disposed of'), { code: 'DISPOSED' });
    pool.fail(0, gone());
    pool.fail(2, gone());
    await turns();
    assert.equal(counting.returned, 1);
    pool.finish(1, 3); // what runs is finished
    const { items, reason } = await collected;
    assert.deepEqual(indices(items), [1, 3]);
    assert.ok(reason instanceof TubeletError);
    assert.equal(reason.code, 'DISPOSED');
    assert.equal(counting.asked, 4);
    assert.equal(pool.closed, 1);
    assert.equal(batch.summary.items, 2);
  });
});

describe('the summary of a batch', () => {
  it('counts items and failures, says where the rest is, and stands still at the end', async () => {
    const pool = new FakePool();
    const batch = startBatch(pool, ['a', 'b', 'c', 'd', 'e', 'f'], { concurrency: 6 });
    assert.deepEqual(batch.summary, {
      items: 0,
      failures: {},
      seconds: 0,
      itemsPerSecond: 0,
      busy: { decode: 0, infer: 0 },
      queue: { waiting: 0, decoding: 0, ready: 0, inferring: 0 },
    });
    const collected = collect(batch);
    pool.finish('a');
    pool.fail('b', new TubeletError('NOT_A_VIDEO', 'text'));
    pool.queue = { waiting: 1, ingesting: 1, ready: 1, inferring: 1, ingestMs: 0, inferMs: 0 };
    await turns();
    const { items, failures, queue } = batch.summary;
    assert.deepEqual({ items, failures }, { items: 2, failures: { NOT_A_VIDEO: 1 } });
    assert.deepEqual(queue, { waiting: 1, decoding: 1, ready: 1, inferring: 1 });

    await delay(20);
    const { seconds } = batch.summary;
    pool.queue = { ...pool.queue, ingestMs: 500 * seconds, inferMs: 1e9 };
    const { busy, itemsPerSecond } = batch.summary;
    assert.ok(busy.decode > 0.3 && busy.decode <= 0.5, `${busy.decode}`);
    assert.equal(busy.infer, 1);
    assert.ok(itemsPerSecond > 0 && itemsPerSecond <= 2 / seconds);

    pool.finish('c', 'd', 'e', 'f');
    await collected;
    const end = batch.summary;
    assert.deepEqual(end.queue, { waiting: 0, decoding: 0, ready: 0, inferring: 0 });
    assert.equal(end.items, 6);
    pool.queue = { ...pool.queue, ingestMs: 1e12 };
    await delay(5);
    assert.deepEqual(batch.summary, end);
  });
});
