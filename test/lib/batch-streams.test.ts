import assert from 'node:assert/strict';
import { Duplex, PassThrough, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { BatchItem } from '#lib/batch/batch';

import { Counting, FakePool, QuickPool, startBatch, turns } from '../support/batch';

type Item = BatchItem<unknown, string>;

async function* toLines(items: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const { index, result } of items as AsyncIterable<Item>) yield `${index} ${result ?? ''}\n`;
}

/** A sink that takes so many lines and then fails. */
function failingSink(lines: number): Writable & { taken: number } {
  const sink = Object.assign(
    new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, callback) => {
        callback(++sink.taken > lines ? new Error('the disk is full') : null);
      },
    }),
    { taken: 0 },
  );
  return sink;
}

describe('a batch in a pipeline', () => {
  it('takes from a stream and gives to a transform and a sink', async () => {
    const out = new PassThrough();
    await pipeline(Readable.from(['a', 'b', 'c']), (paths) => startBatch(new QuickPool(), paths), toLines, out);
    assert.equal(String(out.read()), '0 a done\n1 b done\n2 c done\n');
  });

  it('is ended with its source when the sink fails', async () => {
    const [pool, sink] = [new QuickPool(), failingSink(3)];
    const source = Readable.from(new Counting().sync());
    await assert.rejects(
      pipeline(source, (paths) => startBatch(pool, paths), toLines, sink),
      /the disk is full/,
    );
    await turns();
    assert.ok(source.destroyed);
    assert.equal(pool.closed, 1);
    assert.ok(pool.signals.every(({ aborted }) => aborted));
    assert.ok(pool.begun.length < 30, `${pool.begun.length} begun`);
  });

  it('is ended when its source fails, after what was finished', async () => {
    const broken = new Error('the listing broke off');
    async function* source(): AsyncGenerator<string> {
      yield 'a';
      await turns(1);
      throw broken;
    }
    const pool = new QuickPool();
    const lines: string[] = [];
    const sink = new Writable({
      write: (chunk, _encoding, callback) => {
        lines.push(String(chunk));
        callback();
      },
    });
    await assert.rejects(
      pipeline(source, (paths: AsyncIterable<string>) => startBatch(pool, paths), toLines, sink),
      broken,
    );
    await turns();
    assert.deepEqual(lines, ['0 a done\n']);
    assert.equal(pool.closed, 1);
  });

  it('is ended with the pipeline by a signal that both have', async () => {
    const [pool, controller] = [new FakePool(), new AbortController()];
    const source = Readable.from(new Counting().sync());
    const { signal } = controller;
    const out = new PassThrough();
    const work = pipeline(source, (paths) => startBatch(pool, paths, { signal }), toLines, out, { signal });
    await turns();
    controller.abort();
    await assert.rejects(work, { name: 'AbortError' });
    await turns();
    assert.ok(source.destroyed);
    assert.equal(pool.begun.length, 2);
  });

  it('holds its source back when the sink is slow', async () => {
    const [pool, counting] = [new QuickPool(), new Counting()];
    const sink = new Writable({ objectMode: true, highWaterMark: 1, write: () => undefined }); // takes one, for ever
    const stream = Readable.from(startBatch(pool, counting.sync()), { highWaterMark: 1 }).pipe(sink);
    await turns(50);
    assert.ok(counting.asked <= 8, `${counting.asked} asked for`);
    stream.destroy();
  });

  it('is a Readable, which ends it when it is destroyed', async () => {
    const pool = new QuickPool();
    const readable = Readable.from(startBatch(pool, new Counting().sync()));
    const first: Item[] = [];
    for await (const item of readable.take(2)) first.push(item as Item);
    assert.deepEqual(
      first.map(({ index }) => index),
      [0, 1],
    );
    readable.destroy();
    await turns();
    assert.equal(pool.closed, 1);
  });

  it('is a Duplex', async () => {
    const through = Duplex.from((paths: AsyncIterable<string>) => startBatch(new QuickPool(), paths));
    const items: Item[] = [];
    await pipeline(Readable.from(['a', 'b']), through, async (found: AsyncIterable<Item>) => {
      for await (const item of found) items.push(item);
    });
    assert.deepEqual(
      items.map(({ result }) => result),
      ['a done', 'b done'],
    );
  });
});
