import assert from 'node:assert/strict';
import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { readRun } from '#lib/output/identity';
import { RunOutput } from '#lib/output/run';

import { openDescriptors } from '../../support/descriptors';
import { begin, contentOf, failure, failureLine, identity, result, resultLine } from '../../support/output';
import { suiteFolder } from '../../support/temp';

describe('the output of a run', () => {
  const suite = suiteFolder('run');
  let path = '';
  let count = 0;
  const beside = async (): Promise<string[]> => {
    const names = (await readdir(suite())).filter((name) => join(suite(), name).startsWith(path));
    return names.map((name) => name.slice(path.length - suite().length - 1)).sort();
  };

  beforeEach(() => {
    path = join(suite(), `${++count}.jsonl`);
  });
  afterEach(() => {
    assert.ok(!openDescriptors().some((target) => target.startsWith(suite())), 'every file was closed');
  });

  it('has a line for each file, and the failures once more', async () => {
    const run = await begin(path);
    await run.write('a.mp4', result);
    assert.equal(await contentOf(path), resultLine('a.mp4'));
    assert.deepEqual(await beside(), ['', '.lock', '.run.json']);
    await run.write('b.mp4', failure);
    assert.equal(await contentOf(`${path}.errors.jsonl`), failureLine('b.mp4'));
    await run.write('c "\\\n.mp4', result);
    assert.equal((await readRun(path))?.counts !== undefined, false);
    await run.finish();
    assert.equal(await contentOf(path), resultLine('a.mp4') + failureLine('b.mp4') + resultLine('c "\\\n.mp4'));
    assert.deepEqual(await beside(), ['', '.errors.jsonl', '.run.json']);
    assert.deepEqual((await readRun(path))?.identity, identity);
    assert.equal((await readRun(path))?.counts !== undefined, true);
  });

  it('may be empty', async () => {
    await (await begin(path)).finish();
    assert.equal(await contentOf(path), '');
    assert.deepEqual(await beside(), ['', '.run.json']);
  });

  it('takes lines of many at once, each in one piece', async () => {
    const run = await begin(path);
    const long = { result: { data: new Float32Array(200_000).fill(0.1), shape: [200_000] } };
    const files = Array.from({ length: 60 }, (_, index) => `${index}.mp4`);
    const written = files.map((file, index) => run.write(file, index % 20 === 7 ? long : result));
    await run.finish(); // after what was asked for before
    await Promise.all(written);
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    const read = lines.map((line) => JSON.parse(line) as { file: string; data?: number[] });
    assert.deepEqual(
      read.map(({ file }) => file),
      files,
    );
    assert.deepEqual(read[7]?.data?.slice(0, 2), Array(2).fill(Math.fround(0.1)));
    assert.ok((lines[7]?.length ?? 0) > 1_000_000);
  });

  it('takes nothing before its beginning and after its end', async () => {
    const run = await RunOutput.reserve(path, { resume: false });
    await assert.rejects(run.write('a.mp4', result), /has not begun/);
    await run.stop();
    const ended = await begin(path);
    await ended.finish();
    await assert.rejects(ended.write('a.mp4', result), /or has ended/);
    await ended.finish();
    await ended.stop();
    assert.equal(await contentOf(path), '');
  });

  it('of which a result cannot be told in JSON loses that one alone', async () => {
    const run = await begin(path);
    await assert.rejects(run.write('a.mp4', { result: { big: 1n } }), TypeError);
    await run.write('b.mp4', result);
    await run.finish();
    assert.equal(await contentOf(path), resultLine('b.mp4'));
  });

  it('that is stopped is no finished one, and its name is free again', async () => {
    const run = await begin(path);
    const writing = run.write('a.mp4', result);
    await run.stop();
    await writing;
    assert.deepEqual(await beside(), ['', '.run.json']);
    assert.equal((await readRun(path))?.counts !== undefined, false);
    await rm(path); // the user wants it anew
    const anew = await begin(path, false, { ...identity, precision: 'bf16' });
    await anew.finish();
    assert.equal((await readRun(path))?.identity.precision, 'bf16');
  });

  it('begun anew has none of the failures of one that was taken away', async () => {
    const before = await begin(path);
    await before.write('a.mp4', failure);
    await before.finish();
    await rm(path);
    await (await begin(path)).finish();
    assert.deepEqual(await beside(), ['', '.run.json']);
  });

  it('in another format is made of its journal at the end', async () => {
    path = join(suite(), 'results.csv');
    const run = await begin(path);
    await run.write('a.mp4', result);
    await run.write('b.mp4', failure);
    assert.deepEqual(await beside(), ['.errors.jsonl', '.journal.jsonl', '.lock', '.run.json']);
    await run.finish();
    assert.deepEqual(await beside(), ['', '.errors.jsonl', '.journal.jsonl', '.run.json']);
    assert.match((await contentOf(path)) ?? '', /a\.mp4.*pan ""left""/);
    assert.equal((await readRun(path))?.counts !== undefined, true);
  });
});
