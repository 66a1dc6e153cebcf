import assert from 'node:assert/strict';
import { appendFile, copyFile, readFile, readdir, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { readRun } from '#lib/output/identity';
import { RunOutput } from '#lib/output/run';

import { begin, contentOf, failure, failureLine, identity, result, resultLine } from '../../support/output';
import { rejectsWith } from '../../support/rejects';
import { suiteFolder } from '../../support/temp';

describe('a run that is resumed', () => {
  const suite = suiteFolder('resume');
  let count = 0;
  const another = (extension = 'jsonl'): string => join(suite(), `${++count}.${extension}`);

  /** An output as a run has left it that was stopped, with this for a journal. */
  async function left(content: string, path = another()): Promise<string> {
    await (await begin(path)).stop();
    await writeFile(path.endsWith('.jsonl') ? path : `${path}.journal.jsonl`, content);
    return path;
  }

  it('begins when there is none', async () => {
    for (const extension of ['jsonl', 'csv']) {
      const path = another(extension);
      const run = await begin(path, true);
      await run.write('a.mp4', result);
      await run.finish();
      assert.match((await contentOf(path)) ?? '', /a\.mp4/);
    }
  });

  it('begins when the one before came no further than its identity', async () => {
    const path = await left('');
    await unlink(path);
    for (const resume of [true, false]) {
      const run = await begin(path, resume, { ...identity, precision: 'bf16' });
      assert.equal(run.finishedItems, 0);
      await run.stop();
      await unlink(path);
    }
  });

  it('knows which files are finished, and does the rest', async () => {
    const path = another();
    const names = ['a.mp4', 'b "c"\\.mp4', 'd\\', '\\"', 'ü\u2028\n', '\ud800.mp4', '{"file":"x"}', ''];
    const first = await begin(path);
    for (const name of names) await first.write(name, result);
    await first.write('bad.mp4', failure);
    await first.stop();

    const second = await begin(path, true);
    assert.equal(second.finishedItems, names.length + 1);
    assert.equal(second.finishedFailures, 1);
    assert.equal(second.isComplete, false);
    for (const name of [...names, 'bad.mp4']) assert.ok(second.finished(name), name);
    for (const name of ['x', 'a', 'b "c"', 'file', 'error']) assert.ok(!second.finished(name), name);
    await second.write('e.mp4', result);
    await second.write('worse.mp4', failure);
    await second.finish();
    assert.equal(await contentOf(`${path}.errors.jsonl`), failureLine('bad.mp4') + failureLine('worse.mp4'));
    const lines = ((await contentOf(path)) ?? '').trimEnd().split('\n');
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { file: string }).file),
      [...names, 'bad.mp4', 'e.mp4', 'worse.mp4'],
    );
  });

  it('cuts off the last line wherever it is torn', async () => {
    const before = resultLine('a.mp4') + failureLine('b.mp4');
    for (const last of ['{"file":"c\\"\\\\ü.mp4","a":[{}]}\n', failureLine('c')]) {
      const bytes = Buffer.from(last);
      const path = await left('');
      for (let length = 0; length <= bytes.length; length++) {
        await writeFile(path, Buffer.concat([Buffer.from(before), bytes.subarray(0, length)]));
        const isWhole = length === bytes.length;
        const run = await begin(path, true);
        assert.equal(run.finishedItems, isWhole ? 3 : 2, `${length} bytes of the last line`);
        await run.write('d.mp4', result);
        await run.stop();
        assert.equal(await contentOf(path), before + (isWhole ? last : '') + resultLine('d.mp4'));
      }
    }
  });

  it('cuts off a last line of megabytes', async () => {
    const path = another();
    const first = await begin(path);
    const long = { result: { data: new Float32Array(300_000).fill(0.1) } };
    await first.write('a.mp4', long);
    await first.write('b.mp4', long);
    await first.stop();
    const whole = await readFile(path);
    await truncate(path, whole.length - 1_000_000);
    const second = await begin(path, true);
    assert.deepEqual([second.finished('a.mp4'), second.finished('b.mp4')], [true, false]);
    await second.write('b.mp4', long);
    await second.finish();
    assert.ok(whole.equals(await readFile(path)));
  });

  it('takes no line for finished of which a power failure has left parts', async () => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => resultLine(`${name}.mp4`)) as [
      string,
      string,
      string,
      string,
    ];
    const zeros = '\0'.repeat(40);
    const damaged = {
      'zeros at the end': [a + zeros, a],
      'zeros within the last line': [a + b.slice(0, 50) + zeros + b.slice(90), a],
      'zeros within a line': [a + b.slice(0, 50) + zeros + b.slice(90) + c + d, a + c + d],
      'zeros over the end of a line': [a + b.slice(0, -20) + zeros + c.slice(20) + d, a + d],
      'a line without its beginning': [a + b.slice(30) + c, a + c],
      'an empty line': [`${a}\n${b}`, a + b],
      'zeros alone': [zeros, ''],
    };
    for (const [what, [content, sound]] of Object.entries(damaged)) {
      const path = await left(content!);
      const run = await begin(path, true);
      for (const name of ['a', 'b', 'c', 'd']) {
        assert.equal(run.finished(`${name}.mp4`), sound!.includes(`"${name}.mp4"`), `${what}: ${name}`);
      }
      await run.write('e.mp4', result);
      await run.finish();
      assert.equal(await contentOf(path), sound! + resultLine('e.mp4'), what);
    }
  });

  it('reads lines that something else has written anew, and none of another kind', async () => {
    const path = await left('{ "n": 1, "file": "a.mp4" }\n{"error": {"code": "TIMEOUT"}, "file": "b.mp4"}\r\n');
    const run = await begin(path, true);
    assert.deepEqual([run.finishedItems, run.finishedFailures], [2, 1]);
    await run.stop();
    for (const content of ['5\n', '{"name":"a"}\n', '{"file":5}\n']) {
      await writeFile(path, resultLine('a.mp4') + content);
      const message = new RegExp(`has a line, at byte ${resultLine('a.mp4').length}, that is not one of a run's`);
      await rejectsWith(begin(path, true), 'INVALID_ARGUMENT', message);
      assert.equal(await contentOf(path), resultLine('a.mp4') + content);
    }
  });

  it('makes the file of failures anew', async () => {
    const journal = resultLine('a.mp4') + failureLine('b.mp4') + failureLine('c.mp4');
    const states = [undefined, '', failureLine('b.mp4').slice(0, 20), failureLine('b.mp4') + failureLine('d.mp4')];
    for (const state of states) {
      const path = await left(journal);
      if (state !== undefined) await writeFile(`${path}.errors.jsonl`, state);
      await (await begin(path, true)).finish();
      assert.equal(await contentOf(`${path}.errors.jsonl`), failureLine('b.mp4') + failureLine('c.mp4'));
    }
    const path = await left(resultLine('a.mp4'));
    await writeFile(`${path}.errors.jsonl`, failureLine('b.mp4'));
    await (await begin(path, true)).finish();
    assert.equal(await contentOf(`${path}.errors.jsonl`), undefined);
  });

  it('must be the same run', async () => {
    const path = await left(resultLine('a.mp4'));
    const other = { ...identity, precision: 'bf16' as const, options: { ...identity.options, topK: 3 } };
    await rejectsWith(
      begin(path, true, other),
      'INVALID_ARGUMENT',
      /^Cannot resume .*: it was made in another way \(precision: fp32, now bf16; topK: 5, now 3\)\. Ask for the/,
    );
    assert.deepEqual((await readRun(path))?.identity, identity);
    const { sha256 } = identity.checkpoint;
    const renamed = { ...identity, tubelet: '2.0.0', checkpoint: { name: '/folder', sha256 } };
    await (await begin(path, true, renamed)).stop();
    assert.deepEqual((await readRun(path))?.identity, renamed);
    await writeFile(`${path}.run.json`, '{');
    await rejectsWith(RunOutput.reserve(path, { resume: true }), 'INVALID_ARGUMENT', /damaged/);
  });

  it('may be left while it reads what there is', async () => {
    const path = await left(resultLine('a.mp4'));
    const run = await RunOutput.reserve(path, { resume: true });
    await assert.rejects(run.begin(identity, AbortSignal.abort(new Error('enough'))), { message: 'enough' });
    const names = await readdir(dirname(path));
    assert.deepEqual(
      names.filter((name) => name.startsWith(basename(path))).sort(),
      [basename(path), `${basename(path)}.run.json`],
      'with nothing held and nothing half written',
    );
    assert.equal(await contentOf(path), resultLine('a.mp4'));
  });

  it('that came to its end has nothing to do, unless there are more files', async () => {
    const path = another();
    const first = await begin(path);
    await first.write('a.mp4', result);
    await first.finish();
    const second = await begin(path, true);
    assert.ok(second.finished('a.mp4') && !second.isComplete);
    assert.equal((await readRun(path))?.counts !== undefined, false);
    await second.finish();
    assert.equal(await contentOf(path), resultLine('a.mp4'));
    assert.equal((await readRun(path))?.counts !== undefined, true);
  });

  it('that came to its end in another format is complete', async () => {
    const path = another('csv');
    const first = await begin(path);
    await first.write('a.mp4', result);
    await first.finish();
    const table = await contentOf(path);
    const second = await RunOutput.reserve(path, { resume: true });
    assert.equal(second.isComplete, true);
    await second.begin(identity);
    assert.ok(second.finished('a.mp4') && second.finished('b.mp4'));
    await second.finish();
    assert.equal(await contentOf(path), table);
    assert.equal((await readRun(path))?.counts !== undefined, true);
    await rejectsWith(begin(path, true, { ...identity, precision: 'bf16' }), 'INVALID_ARGUMENT', /precision/);
    await (await begin(path, true)).stop();
  });

  for (const extension of ['jsonl', 'csv', 'parquet']) {
    it(`that came to its end with failures says so, and can try them again: .${extension}`, async () => {
      const path = another(extension);
      const first = await begin(path);
      await first.write('bad.mp4', failure);
      await first.write('a.mp4', result);
      await first.write('worse.mp4', failure);
      await first.finish();

      const second = await begin(path, true);
      assert.deepEqual([second.finishedItems, second.finishedFailures], [3, 2]);
      assert.ok(['a.mp4', 'bad.mp4', 'worse.mp4'].every((file) => second.finished(file)));
      await second.finish();

      const third = await begin(path, 'retry');
      assert.deepEqual([third.finishedItems, third.finishedFailures], [1, 0]);
      assert.ok(third.finished('a.mp4') && !third.finished('bad.mp4'));
      await third.write('bad.mp4', result);
      await third.write('worse.mp4', failure);
      await third.finish();
      assert.deepEqual((await readRun(path))?.counts, { items: 3, failed: 1 });
      assert.equal(await contentOf(`${path}.errors.jsonl`), failureLine('worse.mp4'));

      const last = await begin(path, 'retry');
      await last.write('worse.mp4', result);
      await last.finish();
      assert.deepEqual((await readRun(path))?.counts, { items: 3, failed: 0 });
      for (const gone of ['errors', 'journal']) assert.equal(await contentOf(`${path}.${gone}.jsonl`), undefined, gone);
      if (extension === 'csv') assert.equal((await contentOf(path))?.trim().split('\n').length, 4);
    });
  }

  it('whose journal was removed still knows what failed, and says why that cannot be tried again', async () => {
    const path = another('csv');
    const first = await begin(path);
    await first.write('a.mp4', result);
    await first.write('bad.mp4', failure);
    await first.finish();
    await rm(`${path}.journal.jsonl`);
    const second = await begin(path, true);
    assert.deepEqual([second.isComplete, second.finishedItems, second.finishedFailures], [true, 2, 1]);
    await second.finish();
    await rejectsWith(
      begin(path, 'retry'),
      'INVALID_ARGUMENT',
      /journal\.jsonl, which it would be made of, is not there/,
    );
  });

  it('that was killed while its output was made makes it again', async () => {
    const path = another('csv');
    const first = await begin(path);
    await first.write('a.mp4', result);
    const journal = `${path}.journal.jsonl`;
    await copyFile(journal, `${path}.kept`);
    await first.finish();
    const table = await contentOf(path);
    for (const output of [table, 'of an earlier time', undefined]) {
      await copyFile(`${path}.kept`, journal);
      await appendFile(`${path}.incomplete`, 'half');
      if (output === undefined) await rm(path);
      else await writeFile(path, output);
      await rejectsWith(RunOutput.reserve(path, { resume: false }), 'INVALID_ARGUMENT', /there already/);
      const run = await begin(path, true);
      assert.deepEqual([run.finishedItems, run.isComplete], [1, false]);
      await run.finish();
      assert.equal(await contentOf(path), table);
      assert.equal(await contentOf(journal), undefined);
      assert.equal(await contentOf(`${path}.incomplete`), undefined);
    }
  });

  it('whose output cannot be made keeps its journal', async () => {
    const path = await left('{"file":"a.mp4","predictions":5}\n', another('csv'));
    await rejectsWith((await begin(path, true)).finish(), 'READ_FAILED', /line 1/);
    assert.equal(await contentOf(path), undefined);
    assert.match((await contentOf(`${path}.journal.jsonl`)) ?? '', /a\.mp4/);
    await (await begin(path, true)).stop();
  });
});
