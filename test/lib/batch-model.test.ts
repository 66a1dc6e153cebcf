import assert from 'node:assert/strict';
import { createReadStream, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';

import { type BatchItem, type ClassifyResult, type Model, TubeletError, type VideoInput, load } from '#lib/index';

import { temporaryFiles } from '../support/descriptors';
import { rejectsWith, throwsWith } from '../support/rejects';
import { samples } from '../support/samples';
import { until } from '../support/waiting';

const name = 'motion-videomae';
const [clip = ''] = samples;

async function collect<I, R>(batch: AsyncIterable<BatchItem<I, R>>): Promise<BatchItem<I, R>[]> {
  const items: BatchItem<I, R>[] = [];
  for await (const item of batch) items.push(item);
  return items;
}

describe('classifyAll and embedAll', function () {
  this.timeout(120_000);
  let model: Model;
  before(async () => {
    model = await load(name);
  });
  after(() => model.dispose());

  it('give what single calls give, with their options', async () => {
    const options = { topK: 2, logits: true, sampling: 'spread' } as const;
    const items = await collect(model.classifyAll(samples, options));
    for (const [i, { input, index, result, error }] of items.entries()) {
      assert.deepEqual([input, index, error], [samples[i], i, undefined]);
      const { milliseconds } = result!;
      assert.deepEqual(result, { ...(await model.classify(samples[i]!, options)), milliseconds });
      for (const time of Object.values(milliseconds)) assert.ok(time > 0);
    }
    const [paper] = await collect(model.classifyAll([clip], { sampling: 'paper', maxBatch: 4 }));
    assert.deepEqual(paper?.result?.predictions, (await model.classify(clip, { sampling: 'paper' })).predictions);
    const [embedded] = await collect(model.embedAll([clip], { normalize: true, pooling: 'none' }));
    assert.deepEqual(embedded?.result?.data, (await model.embed(clip, { normalize: true, pooling: 'none' })).data);
  });

  it('take every kind of video, and copy streams one by one as there is room', async () => {
    const bytes = readFileSync(clip);
    const kinds: (() => VideoInput)[] = [
      () => clip,
      () => bytes,
      () => createReadStream(clip),
      () => new Blob([bytes]),
      () => new Blob([bytes]).stream(),
      () => ({ data: new Uint8Array(3 * 16 * 16), width: 16, height: 16 }),
    ];
    let most = 0;
    function* videos(): Generator<VideoInput> {
      for (let round = 0; round < 4; round++) {
        for (const kind of kinds) {
          most = Math.max(most, temporaryFiles());
          yield kind();
        }
      }
    }
    const items = await collect(model.classifyAll(videos(), { concurrency: 2 }));
    assert.deepEqual(
      items.map(({ error }) => error),
      Array<undefined>(24).fill(undefined),
    );
    assert.equal(items[0]?.result?.predictions[0]?.label, items[2]?.result?.predictions[0]?.label);
    assert.ok(most <= 2, `${most} temporary files at once`);
    await until(() => temporaryFiles() === 0, 'the temporary files are closed');
  });

  it('make an item with an error of what is no video, and of one that takes too long', async () => {
    const broken = new Readable({
      read() {
        this.destroy(new Error('unplugged'));
      },
    });
    const slow = new Readable({ read: () => undefined });
    const inputs = [
      clip,
      'missing.mp4',
      5,
      null,
      'http://example.org/a.mp4',
      broken,
      Promise.resolve(clip),
      slow,
      clip,
    ];
    const items = await collect(model.classifyAll(inputs as VideoInput[], { timeoutMs: 2000 }));
    assert.deepEqual(
      items.map(({ error }) => error?.code),
      [
        ...[undefined, 'FILE_NOT_FOUND', 'INVALID_ARGUMENT', 'INVALID_ARGUMENT', 'INVALID_ARGUMENT', 'READ_FAILED'],
        ...['INVALID_ARGUMENT', 'TIMEOUT', undefined],
      ],
    );
    assert.match(items[6]?.error?.message ?? '', /is an await missing/);
    for (const { error } of items)
      if (error !== undefined) assert.match(error.stack?.split('\n')[1] ?? '', /batch-model\.test/);
    assert.ok(slow.destroyed);
  });

  it('refuse wrong arguments at once, from the line that called', () => {
    const stackOf = (call: () => unknown, message: RegExp): string =>
      throwsWith(call, 'INVALID_ARGUMENT', message).stack?.split('\n')[1] ?? '';
    const calls: [() => unknown, RegExp][] = [
      [() => model.classifyAll(clip), /for one video pass \[video\]/],
      [() => model.classifyAll([], { concurrency: 0 }), /'concurrency' must be a whole number/],
      [() => model.embedAll([], { order: 'random' as 'input' }), /'order' must be one of/],
      [() => model.embedAll([], { layer: 1, pooling: 'head' }), /pooling 'head'/],
      [() => model.embedAll([], { sampling: { indices: [1, 2] } }), /clips of \d+ frames, and 'sampling' asks for 2/],
      [() => model.classifyAll([], { sampling: 'spread', recipe: 'tutorial' }), /leave 'sampling' out/],
      [() => model.embedAll([], { topK: 5 } as object), /there is no option 'topK'/],
    ];
    for (const [call, message] of calls) assert.match(stackOf(call, message), /batch-model\.test/);
  });

  it('go on beside single calls and other batches of the model', async () => {
    const [first, second, single] = await Promise.all([
      collect(model.classifyAll(samples)),
      collect(model.embedAll(samples, { maxBatch: 4 })),
      model.classify(clip),
    ]);
    assert.ok([...first, ...second].every(({ error }) => error === undefined));
    assert.deepEqual(first[0]?.result?.predictions, single.predictions);
  });

  it('when they are left end streams and close their temporary files', async () => {
    const streams: Readable[] = [];
    function* videos(): Generator<VideoInput> {
      yield clip;
      for (;;) {
        const stream = new Readable({ read: () => undefined }); // never ends
        stream.push(readFileSync(clip));
        streams.push(stream);
        yield stream;
      }
    }
    for await (const { index } of model.classifyAll(videos(), { concurrency: 3 })) {
      assert.equal(index, 0);
      await until(() => temporaryFiles() === 3, 'streams are being copied');
      break;
    }
    assert.equal(streams.length, 3);
    assert.ok(streams.every(({ destroyed }) => destroyed));
    await until(() => temporaryFiles() === 0, 'the temporary files are closed');
  });

  it('are ended by the disposal of the model: what is finished, then DISPOSED', async () => {
    const own = await load(name);
    function* videos(): Generator<string> {
      for (;;) yield clip;
    }
    const batch = own.classifyAll(videos());
    const items: BatchItem<string, ClassifyResult>[] = [];
    const error = await rejectsWith(
      (async () => {
        for await (const item of batch) {
          items.push(item);
          if (items.length === 5) void own.dispose();
        }
      })(),
      'DISPOSED',
      /disposed/,
    );
    assert.match(error.stack?.split('\n')[1] ?? '', /batch-model\.test/);
    assert.ok(items.length >= 5 && items.every(({ result }) => result !== undefined));
    await own.dispose(); // settles
    throwsWith(() => own.classifyAll([]), 'DISPOSED', /was disposed/);
    assert.deepEqual(await batch.next(), { done: true, value: undefined });
  });

  it('that begin after the disposal reject', async () => {
    const own = await load(name);
    const batch = own.classifyAll([clip]);
    await own.dispose();
    await rejectsWith(batch.next(), 'DISPOSED', /was disposed/);
  });

  it('say where the time goes', async () => {
    const batch = model.classifyAll([...samples, ...samples, 'missing.mp4']);
    await collect(batch);
    const { items, failures, seconds, itemsPerSecond, busy, queue } = batch.summary;
    assert.deepEqual([items, failures], [2 * samples.length + 1, { FILE_NOT_FOUND: 1 }]);
    assert.ok(Math.abs(itemsPerSecond - items / seconds) < 1e-9);
    assert.ok(busy.decode > 0 && busy.decode <= 1 && busy.infer > 0 && busy.infer <= 1);
    assert.deepEqual(queue, { waiting: 0, decoding: 0, ready: 0, inferring: 0 });
  });

  it('know an error by its class', async () => {
    const [item] = await collect(model.embedAll(['missing.mp4']));
    assert.ok(item?.error instanceof TubeletError);
  });
});
