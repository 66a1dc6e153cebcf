import assert from 'node:assert/strict';
import { Readable } from 'node:stream';

import { readInputs } from '#lib/batch/inputs';
import { FinishedItems } from '#lib/batch/finished-items';
import { workforce } from '#lib/batch/workers';

import { throwsWith } from '../support/rejects';

describe('the inputs of a batch', () => {
  it('may be anything that can be iterated over, and are not touched before that begins', () => {
    const untouched = new Proxy(
      {},
      {
        has: (_target, key) => key === Symbol.asyncIterator,
        get: () => assert.fail('touched'),
      },
    );
    const good = [[], ['a'], new Set(['a']), new Map().keys(), Readable.from(['a']), new ReadableStream(), untouched];
    for (const inputs of good) assert.equal(typeof readInputs('embedAll', inputs), 'function');
  });

  it('are not one video', () => {
    throwsWith(
      () => readInputs('classifyAll', '/a.mp4'),
      'INVALID_ARGUMENT',
      /'\/a\.mp4' .*for one video pass \[video\]/,
    );
    for (const wrong of [undefined, null, 5, {}, Buffer.from('video'), new ArrayBuffer(2), () => []]) {
      throwsWith(
        () => readInputs('classifyAll', wrong),
        'INVALID_ARGUMENT',
        /classifyAll: the inputs must be an array/,
      );
    }
  });

  it('that give something other than results of an iterator reject', async () => {
    const reader = readInputs('classifyAll', {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve(undefined) }),
    })();
    await assert.rejects(async () => reader.next(), TypeError);
  });

  it('may throw when they are ended: nobody hears', () => {
    const iterable = {
      [Symbol.iterator]: () => ({
        next: () => ({ done: false, value: 1 }),
        return: () => assert.fail('thrown'),
      }),
    };
    readInputs('classifyAll', iterable)().stop();
  });
});

describe('the finished of finished items', () => {
  it('gives them in the order of inputs, past those that are left out', () => {
    const finished = new FinishedItems<string>('input');
    finished.put(2, 'c');
    finished.put(1, 'b');
    assert.equal(finished.take(), undefined);
    finished.leaveOut(0);
    assert.deepEqual([finished.take(), finished.take(), finished.take()], ['b', 'c', undefined]);
  });

  it('gives them in the order in which they came', () => {
    const finished = new FinishedItems<string>('completed');
    for (const [index, item] of ['c', 'a', 'b'].entries()) finished.put(10 - index, item);
    finished.leaveOut(3);
    assert.deepEqual([finished.take(), finished.take(), finished.take(), finished.take()], ['c', 'a', 'b', undefined]);
  });

  it('can be cleared', () => {
    const finished = new FinishedItems<string>('completed');
    finished.put(0, 'a');
    finished.clear();
    assert.equal(finished.take(), undefined);
  });
});

describe('the workers of a batch', () => {
  it('are as many as there are CPUs, with room for four times what they can hold', () => {
    assert.deepEqual(workforce({}, 8, { device: 'cpu', threads: 8 }), {
      concurrency: 64,
      workers: { decode: 8, infer: 8, threads: 1, maxBatch: 1, maxDelayMs: 20, maxQueue: 64 },
    });
  });

  it('share the CPUs, as far as the model has work for threads', () => {
    const threads = (infer: number, most: number): number =>
      workforce({ workers: { decode: undefined, infer } }, 8, { device: 'cpu', threads: most }).workers.threads;
    assert.deepEqual([threads(1, 8), threads(2, 8), threads(3, 8), threads(20, 8), threads(1, 3)], [8, 4, 2, 1, 3]);
  });

  it('are those that the options name', () => {
    const request = { workers: { decode: 3, infer: undefined }, maxBatch: 4, maxDelayMs: 0, concurrency: 7 };
    assert.deepEqual(workforce(request, 2, { device: 'cpu', threads: 2 }), {
      concurrency: 7,
      workers: { decode: 3, infer: 2, threads: 1, maxBatch: 4, maxDelayMs: 0, maxQueue: 7 },
    });
    assert.equal(
      workforce({ workers: { decode: 1, infer: 1 }, maxBatch: 4 }, 2, { device: 'cpu', threads: 2 }).concurrency,
      4 * (1 + 4),
    );
  });

  it('of a model on a GPU are one forward pass, of several clips', () => {
    const { workers } = workforce({}, 4, { device: 'cuda:0', threads: 1 });
    assert.deepEqual([workers.decode, workers.infer, workers.maxBatch], [4, 1, 8]);
  });
});
