import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { convert } from '#lib/output/convert';
import type { RunIdentity } from '#lib/output/identity';

import {
  type Outcome,
  classification,
  embedding,
  failure,
  runIdentity,
  windowed,
  writeJournal,
} from '../../support/journal';
import { runPython } from '../../support/python';
import { rejectsWith } from '../../support/rejects';
import { suiteFolder } from '../../support/temp';

type Rows = Record<string, string>[];

const times = { decode_ms: '1.5', prepare_ms: '0.25', infer_ms: '12.125' };
const noTimes = { decode_ms: '', prepare_ms: '', infer_ms: '' };
const noError = { error_code: '', error_message: '' };

describe('a CSV file as Python and DuckDB read it', () => {
  const folder = suiteFolder('csv');
  const output = (): string => join(folder(), 'output.csv');

  async function write(outcomes: Iterable<readonly [string, Outcome]>, identity: RunIdentity): Promise<void> {
    const journal = join(folder(), 'journal.jsonl');
    await writeJournal(journal, outcomes);
    await convert(journal, output(), identity);
  }

  /** What both read; it must be the same. */
  async function read(
    outcomes: Iterable<readonly [string, Outcome]>,
    identity: RunIdentity,
  ): Promise<{ header: string[]; rows: Rows }> {
    await write(outcomes, identity);
    const found = await runPython('test/reference/tables.py', 'csv', output());
    const { header, rows, duckdb } = found as { header: string[]; rows: Rows; duckdb: Rows };
    assert.deepEqual(duckdb, rows);
    return { header, rows };
  }

  it('has classes with their scores, and failures', async () => {
    const identity = runIdentity({ command: 'classify', options: { topK: 2, logits: true } });
    const { header, rows } = await read(
      [
        ['a.mp4', 'NOT_A_VIDEO'],
        ['b.mp4', classification({ 'pan, "left"': 0.75, 'x\r\ny': 0.125 }, Float32Array.of(1.5, -0.1))],
      ],
      identity,
    );
    const { message } = failure('NOT_A_VIDEO');
    assert.deepEqual(
      header.join(),
      'file,start,end,label_1,score_1,label_2,score_2,logit_0,logit_1,decode_ms,prepare_ms,infer_ms,error_code,error_message',
    );
    const none = { label_1: '', score_1: '', label_2: '', score_2: '', logit_0: '', logit_1: '' };
    assert.deepEqual(rows, [
      { file: 'a.mp4', start: '', end: '', ...none, ...noTimes, error_code: 'NOT_A_VIDEO', error_message: message },
      {
        file: 'b.mp4',
        start: '0',
        end: '0.3',
        label_1: 'pan, "left"',
        score_1: '0.75',
        label_2: 'x\r\ny',
        score_2: '0.125',
        logit_0: '1.5',
        logit_1: `${Math.fround(-0.1)}`,
        ...times,
        ...noError,
      },
    ]);
  });

  it('has any name of a file as it is', async () => {
    const names = [
      'a,b.mp4',
      'a "quoted".mp4',
      'a\nb.mp4',
      'a\r.mp4',
      '"',
      ' a ',
      'ü日😀.mp4',
      '=1+1',
      "it's;a\ttab",
      '\\',
    ];
    const { rows } = await read(
      names.map((name) => [name, embedding([1])]),
      runIdentity(),
    );
    assert.deepEqual(
      rows.map(({ file }) => file),
      names,
    );
  });

  it('has a column for each number, and the number that it is', async () => {
    const vector = Float32Array.of(1e-45, 3.4028234663852886e38, 1 / 3, -0.1, 0, NaN, 16777217);
    const { header, rows } = await read(
      [
        ['a.mp4', embedding(vector)],
        ['b.mp4', windowed({ start: 1.5, end: 3.5, data: vector, shape: [7] })],
      ],
      runIdentity(),
    );
    assert.deepEqual(header.slice(3, 10), ['e0', 'e1', 'e2', 'e3', 'e4', 'e5', 'e6']);
    for (const row of rows) {
      assert.deepEqual(
        header.slice(3, 10).map((name) => Number(row[name])),
        Array.from(vector),
      );
    }
    assert.deepEqual([rows[1]!['start'], rows[1]!['end']], ['1.5', '3.5']);
  });

  it('has a header though nothing else', async () => {
    const columns = 'file,start,end,decode_ms,prepare_ms,infer_ms,error_code,error_message';
    await write([], runIdentity());
    assert.equal(await readFile(output(), 'utf8'), `${columns}\n`);
    await write([['a.mp4', 'TIMEOUT']], runIdentity({ command: 'classify' }));
    assert.equal((await readFile(output(), 'utf8')).split('\n')[0], columns);
  });

  it('is not made of results that differ in width', async () => {
    const vectors = [embedding([1, 2, 3]), embedding([1, 2])];
    const outcomes = vectors.map((vector, index) => [`${index}.mp4`, vector] as const);
    const message =
      /^1\.mp4 has 2 numbers, but 0\.mp4 has 3 numbers: .* Name an output that ends in \.jsonl or \.parquet$/;
    await rejectsWith(write(outcomes, runIdentity()), 'INVALID_ARGUMENT', message);

    const classes = [classification({ a: 1 }), classification({ a: 0.5, b: 0.5 })];
    const others = classes.map((result, index) => [`${index}.mp4`, result] as const);
    const identity = runIdentity({ command: 'classify' });
    await rejectsWith(write(others, identity), 'INVALID_ARGUMENT', /^1\.mp4 has 2 classes, but 0\.mp4 has 1 classes: /);
  });
});
