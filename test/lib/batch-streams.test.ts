import assert from 'node:assert/strict';
import { Duplex, PassThrough, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { BatchItem } from '#lib/batch/batch';

import { Counting, FakeStation, QuickStation, startBatch, turns } from '../support/batch';

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
    await pipeline(Readable.from(['a', 'b', 'c']), (paths) => startBatch(new QuickStation(), paths), toLines, out);
    assert.equal(String(out.read()), '0 a done\n1 b done\n2 c done\n');
  });

  it('is ended with its source when the sink fails', async () => {
    const [station, sink] = [new QuickStation(), failingSink(3)];
    const source = Readable.from(new Counting().sync());
    await assert.rejects(
      pipeline(source, (paths) => startBatch(station, paths), toLines, sink),
      /the disk is full/,
    );
    await turns();
    assert.ok(source.destroyed);
    assert.equal(station.closed, 1);
    assert.ok(station.signals.every(({ aborted }) => aborted));
    assert.ok(station.begun.length < 30, `${station.begun.length} begun`);
  });

  it('is ended when its source fails, after what was finished', async () => {
    const broken = new Error('the listing broke off');
    async function* source(): AsyncGenerator<string> {
      yield 'a';
      await turns(1);
      throw broken;
    }
    const station = new QuickStation();
    const lines: string[] = [];
    const sink = new Writable({
      write: (chunk, _encoding, callback) => {
        lines.push(String(chunk));
        callback();
      },
    });
    await assert.rejects(
      pipeline(source, (paths: AsyncIterable<string>) => startBatch(station, paths), toLines, sink),
      broken,
    );
    await turns();
    assert.deepEqual(lines, ['0 a done\n']);
    assert.equal(station.closed, 1);
  });

  it('is ended with the pipeline by a signal that both have', async () => {
    const [station, controller] = [new FakeStation(), new AbortController()];
    const source = Readable.from(new Counting().sync());
    const { signal } = controller;
    const out = new PassThrough();
    const work = pipeline(source, (paths) => startBatch(station, paths, { signal }), toLines, out, { signal });
    await turns();
    controller.abort();
    await assert.rejects(work, { name: 'AbortError' });
    await turns();
    assert.ok(source.destroyed);
    assert.equal(station.begun.length, 2);
  });

  it('holds its source back when the sink is slow', async () => {
    const [station, counting] = [new QuickStation(), new Counting()];
    const sink = new Writable({ objectMode: true, highWaterMark: 1, write: () => undefined }); // takes one, for ever
    const stream = Readable.from(startBatch(station, counting.sync()), { highWaterMark: 1 }).pipe(sink);
    await turns(50);
    assert.ok(counting.asked <= 8, `${counting.asked} asked for`);
    stream.destroy();
  });

  it('is a Readable, which ends it when it is destroyed', async () => {
    const station = new QuickStation();
    const readable = Readable.from(startBatch(station, new Counting().sync()));
    const first: Item[] = [];
    for await (const item of readable.take(2)) first.push(item as Item);
    assert.deepEqual(
      first.map(({ index }) => index),
      [0, 1],
    );
    readable.destroy();
    await turns();
    assert.equal(station.closed, 1);
  });

  it('is a Duplex', async () => {
    const through = Duplex.from((paths: AsyncIterable<string>) => startBatch(new QuickStation(), paths));
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
