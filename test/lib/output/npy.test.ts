import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { convert } from '#lib/output/convert';

import { type Outcome, embedding, runIdentity, windowed, writeJournal } from '../../support/journal';
import { runPython } from '../../support/python';
import { rejectsWith } from '../../support/rejects';
import { suiteFolder } from '../../support/temp';

interface Read {
  type: string;
  contiguous: boolean;
  shape: number[];
  numbers: (number | 'NaN')[];
}

describe('an array as numpy reads it', () => {
  const folder = suiteFolder('npy');

  async function read(outcomes: Iterable<readonly [string, Outcome]>): Promise<Read & { files: unknown[] }> {
    const [journal, output] = [join(folder(), 'journal.jsonl'), join(folder(), 'vectors.npy')];
    await writeJournal(journal, outcomes);
    await convert(journal, output, runIdentity());
    const lines = (await readFile(join(folder(), 'vectors.npy.files.jsonl'), 'utf8')).split('\n').slice(0, -1);
    const found = (await runPython('test/reference/tables.py', 'npy', output)) as Read;
    assert.equal(found.type, '<f4');
    assert.ok(found.contiguous);
    return { ...found, files: lines.map((line) => JSON.parse(line) as unknown) };
  }

  it('has a row for each result, and a list that says of which file', async () => {
    const vectors = [Float32Array.of(1e-45, 1 / 3, -3.4028234663852886e38), Float32Array.of(16777217, NaN, 0)];
    const { shape, numbers, files } = await read([
      ['bad.mp4', 'CORRUPT_VIDEO'],
      ['ü "1".mp4', embedding(vectors[0]!)],
      ['bad too.mp4', 'CORRUPT_VIDEO'],
      ['2\n.mp4', embedding(vectors[1]!)],
    ]);
    assert.deepEqual(shape, [2, 3]);
    assert.deepEqual(
      numbers,
      vectors.flatMap((vector) => Array.from(vector, (value) => (Number.isNaN(value) ? 'NaN' : value))),
    );
    assert.deepEqual(files, [
      { row: 0, file: 'ü "1".mp4', start: 0, end: 0.3 },
      { row: 1, file: '2\n.mp4', start: 0, end: 0.3 },
    ]);
  });

  it('has a row for each window', async () => {
    const windows = [0, 4].map((start) => ({ start, end: start + 4, data: Float32Array.of(start, 1), shape: [2] }));
    const { shape, numbers, files } = await read([['a.mp4', windowed(...windows)]]);
    assert.deepEqual([shape, numbers], [[2, 2], [0, 1, 4, 1]]); // prettier-ignore
    assert.deepEqual(files, [
      { row: 0, file: 'a.mp4', start: 0, end: 4 },
      { row: 1, file: 'a.mp4', start: 4, end: 8 },
    ]);
  });

  it('has the dimensions of grids', async () => {
    const grid = Float32Array.from({ length: 2 * 3 * 4 * 5 }, (_, index) => index);
    const { shape, numbers } = await read([0, 1, 2].map((index) => [`${index}`, embedding(grid, [2, 3, 4, 5])]));
    assert.deepEqual(shape, [3, 2, 3, 4, 5]);
    assert.deepEqual(numbers, [...grid, ...grid, ...grid]);
  });

  it('has many rows in their order', async () => {
    const outcomes = Array.from({ length: 3000 }, (_, index) => [`${index}`, embedding([index, 0.5])] as const);
    const { shape, numbers, files } = await read(outcomes);
    assert.deepEqual(shape, [3000, 2]);
    for (const [index, file] of files.entries()) {
      assert.deepEqual(file, { row: index, file: `${index}`, start: 0, end: 0.3 });
      assert.equal(numbers[2 * index], index);
    }
  });

  it('may be empty', async () => {
    for (const outcomes of [[], [['a.mp4', 'TIMEOUT'] as const]]) {
      const { shape, files } = await read(outcomes);
      assert.deepEqual([shape, files], [[0, 0], []]);
    }
  });

  it('is not made of vectors that differ in shape', async () => {
    const [journal, output] = [join(folder(), 'journal.jsonl'), join(folder(), 'unlike.npy')];
    await writeJournal(journal, [
      ['a.mp4', embedding([1, 2, 3, 4, 5, 6], [3, 2])],
      ['b.mp4', embedding([1, 2, 3, 4, 5, 6], [2, 3])],
    ]);
    const message =
      /^b\.mp4 has 2 x 3 numbers, but a\.mp4 has 3 x 2 numbers: such a table has rows of one width only\./;
    await rejectsWith(convert(journal, output, runIdentity()), 'INVALID_ARGUMENT', message);
    assert.ok((await readdir(folder())).every((name) => !name.startsWith('unlike')));
  });
});
