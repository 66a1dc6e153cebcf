import assert from 'node:assert/strict';
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
import { seededRandom } from '../../support/random';
import { suiteFolder } from '../../support/temp';

type Rows = Record<string, unknown>[];

interface Read {
  schema: [name: string, type: string, nullable: boolean][];
  schemaIsKept: boolean;
  metadata: Record<string, string>;
  schemaMetadata: Record<string, string>;
  createdBy: string;
  groups: number;
  compression: string[];
  rows: Rows;
  duckdb: { schema: [name: string, type: string][]; rows: Rows; metadata: Record<string, string> };
}

describe('a Parquet file as pyarrow and DuckDB read it', () => {
  const folder = suiteFolder('parquet');

  /** What both read; it must be the same. */
  async function read(outcomes: Iterable<readonly [string, Outcome]>, identity: RunIdentity): Promise<Read> {
    const [journal, output] = [join(folder(), 'journal.jsonl'), join(folder(), 'output.parquet')];
    await writeJournal(journal, outcomes);
    await convert(journal, output, identity);
    const found = (await runPython('test/reference/tables.py', 'parquet', output)) as Read;
    assert.deepEqual(found.duckdb.rows, found.rows);
    assert.deepEqual(found.duckdb.metadata, found.metadata);
    assert.ok(found.schemaIsKept, 'ARROW:schema is not the schema that Arrow makes of the columns');
    return found;
  }

  it('has vectors as lists, bit for bit', async () => {
    const random = seededRandom('vectors');
    const vectors = Array.from({ length: 40 }, () => Float32Array.from({ length: 24 }, () => random() * 2 - 1));
    vectors.push(Float32Array.of(1e-45, -1e-45, 3.4028234663852886e38, -3.4028234663852886e38, 1 / 3, 0, 1, 16777217));
    const { schema, duckdb, rows } = await read(
      vectors.map((vector, index) => [`clip ${index}.mp4`, embedding(vector)]),
      runIdentity(),
    );
    assert.deepEqual(schema, [
      ['file', 'string', false],
      ['start', 'double', true],
      ['end', 'double', true],
      ['embedding', 'list<element: float>', true],
      ['timestamps', 'list<element: double>', true],
      ['decode_ms', 'double', true],
      ['prepare_ms', 'double', true],
      ['infer_ms', 'double', true],
      ['error_code', 'string', true],
      ['error_message', 'string', true],
    ]);
    assert.deepEqual(new Map(duckdb.schema).get('embedding'), 'FLOAT[]');
    assert.deepEqual(
      rows.map((row) => row['embedding']),
      vectors.map((vector) => Array.from(vector)),
    );
    assert.deepEqual(rows[7], {
      file: 'clip 7.mp4',
      start: 0,
      end: 0.3,
      embedding: Array.from(vectors[7]!),
      timestamps: [0, 0.1, 0.25],
      decode_ms: 1.5,
      prepare_ms: 0.25,
      infer_ms: 12.125,
      error_code: null,
      error_message: null,
    });
  });

  it('has failures as rows with nulls, whatever the names are', async () => {
    const names = ['ü/日本 "x",\n.mp4', '', 'a\u0000b', "'; drop table", '😀.mp4'];
    const { rows } = await read(
      names.map((name, index) => [name, index % 2 === 0 ? 'CORRUPT_VIDEO' : embedding([index, NaN])]),
      runIdentity(),
    );
    assert.deepEqual(
      rows.map((row) => [row['file'], row['embedding'], row['start'], row['error_code'], row['error_message']]),
      names.map((name, index) =>
        index % 2 === 0
          ? [name, null, null, 'CORRUPT_VIDEO', failure('CORRUPT_VIDEO').message]
          : [name, [index, 'NaN'], 0, null, null],
      ),
    );
  });

  it('says which run made it, three times', async () => {
    const identity = runIdentity({ options: { pooling: 'mean', sampling: { fps: 2, stride: 4 }, name: 'ü "q"' } });
    const { metadata, schemaMetadata, createdBy } = await read([], identity);
    assert.deepEqual(metadata, {
      'tubelet.version': '1.2.3',
      'tubelet.command': 'embed',
      'tubelet.checkpoint': 'org/name',
      'tubelet.revision': '0123456789abcdef',
      'tubelet.sha256': 'ab'.repeat(32),
      'tubelet.precision': 'fp32',
      'tubelet.options': '{"pooling":"mean","sampling":{"fps":2,"stride":4},"name":"ü \\"q\\""}',
    });
    assert.deepEqual(schemaMetadata, metadata);
    assert.equal(createdBy, 'tubelet version 1.2.3');

    const bundled = runIdentity({ checkpoint: { name: 'motion-vivit', sha256: '00' }, precision: 'bf16' });
    const { metadata: without } = await read([['a', embedding([1])]], bundled);
    assert.equal(without['tubelet.precision'], 'bf16');
    assert.ok(!('tubelet.revision' in without));
  });

  it('has the best class, and all that were asked for', async () => {
    const scores = { 'pan, "right"': Math.fround(0.7), 'pan left': Math.fround(0.2), 'zoom—ä': Math.fround(0.1) };
    const logits = Float32Array.of(2.5, -1 / 3, 1e-10);
    const identity = runIdentity({ command: 'classify', options: { topK: 3, logits: true } });
    const { schema, rows, duckdb } = await read(
      [
        ['a.mp4', 'NO_VIDEO_STREAM'],
        ['b.mp4', classification(scores, logits)],
      ],
      identity,
    );
    const types = new Map(schema.map(([name, type]) => [name, type]));
    assert.equal(types.get('label'), 'string');
    assert.equal(types.get('score'), 'float');
    assert.equal(types.get('predictions'), 'list<element: struct<label: string, index: int32, score: float>>');
    assert.equal(types.get('logits'), 'list<element: float>');
    assert.equal(new Map(duckdb.schema).get('predictions'), 'STRUCT("label" VARCHAR, "index" INTEGER, score FLOAT)[]');
    const [failed, good] = rows;
    assert.equal(failed!['predictions'], null);
    assert.equal(failed!['label'], null);
    assert.equal(good!['label'], 'pan, "right"');
    assert.equal(good!['score'], Math.fround(0.7));
    assert.deepEqual(good!['logits'], Array.from(logits));
    assert.deepEqual(
      good!['predictions'],
      Object.entries(scores).map(([label, score], index) => ({ label, index, score })),
    );

    const { schema: plain } = await read([['b.mp4', classification(scores)]], runIdentity({ command: 'classify' }));
    assert.ok(!plain.some(([name]) => name === 'logits'));
  });

  it('has a row for each window', async () => {
    const windows = [0, 1, 2].map((start) => ({ start, end: start + 2, data: Float32Array.of(start, 5), shape: [2] }));
    const { rows } = await read(
      [
        ['a.mp4', windowed(...windows)],
        ['b.mp4', 'TIMEOUT'],
      ],
      runIdentity({ options: { windows: { length: 2, stride: 1 } } }),
    );
    assert.deepEqual(
      rows.map((row) => [row['file'], row['start'], row['end'], row['embedding'], row['timestamps'], row['infer_ms']]),
      [
        ['a.mp4', 0, 2, [0, 5], [0], 2],
        ['a.mp4', 1, 3, [1, 5], [1], 3],
        ['a.mp4', 2, 4, [2, 5], [2], 4],
        ['b.mp4', null, null, null, null, null],
      ],
    );
  });

  it('has the shape of a grid beside its numbers', async () => {
    const grid = embedding([1, 2, 3, 4, 5, 6], [1, 1, 3, 2]);
    const { schema, rows } = await read([['a.mp4', grid]], runIdentity({ options: { pooling: 'none' } }));
    assert.deepEqual(schema[4], ['shape', 'list<element: int32>', true]);
    assert.deepEqual([rows[0]!['shape'], rows[0]!['embedding']], [grid.shape, [1, 2, 3, 4, 5, 6]]);
  });

  it('has columns though it has no rows', async () => {
    const { schema, rows } = await read([], runIdentity());
    assert.equal(schema.length, 10);
    assert.deepEqual(rows, []);
  });

  it('has rows in their order over several compressed groups', async () => {
    const outcomes = function* (): Generator<[string, Outcome]> {
      for (let index = 0; index < 400; index++) {
        const vector = new Float32Array(768).fill(index);
        yield [`${index}`, index % 50 === 13 ? 'CORRUPT_VIDEO' : embedding(vector)];
      }
    };
    const { groups, compression, rows } = await read(outcomes(), runIdentity());
    assert.ok(groups >= 3 && groups <= 5, `${groups} groups`);
    assert.deepEqual(compression, ['SNAPPY']);
    assert.equal(rows.length, 400);
    for (const [index, row] of rows.entries()) {
      assert.equal(row['file'], `${index}`);
      if (index % 50 === 13) assert.equal(row['embedding'], null);
      else
        assert.deepEqual(
          row['embedding'],
          Array.from({ length: 768 }, () => index),
        );
    }
  });
});
