import assert from 'node:assert/strict';
import { appendFile, mkdir, readFile, rename, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { RunOutput } from '#lib/output/run';

import { openDescriptors } from '../../support/descriptors';
import { begin, contentOf, failure, identity, result, resultLine } from '../../support/output';
import { rejectsWith } from '../../support/rejects';
import { suiteFolder } from '../../support/temp';
import { until } from '../../support/waiting';

describe('an output that something else takes away', function () {
  this.timeout(30_000);
  const suite = suiteFolder('lost');
  const changes: Record<string, (path: string) => Promise<unknown>> = {
    'the folder goes': (path) => rm(join(path, '..'), { recursive: true }),
    'the folder is moved': (path) => rename(join(path, '..'), join(suite(), 'elsewhere')),
    'the file goes': unlink,
    'the file is moved': (path) => rename(path, `${path}.old`),
    'another file takes its place': async (path) => {
      await writeFile(`${path}.new`, resultLine('a.mp4'));
      await rename(`${path}.new`, path);
    },
    'somebody else writes to it': (path) => appendFile(path, '{}\n'),
    'somebody shortens it': (path) => truncate(path),
    'the failures go': (path) => unlink(`${path}.errors.jsonl`),
    'the lock goes': (path) => unlink(`${path}.lock`),
    'another run takes the lock over': (path) => writeFile(`${path}.lock`, '{}'),
  };

  async function lose(what: string, change: (path: string) => Promise<unknown>): Promise<void> {
    const folder = join(suite(), what);
    await mkdir(folder);
    const path = join(folder, 'results.jsonl');
    const run = await begin(path);
    await run.write('a.mp4', result);
    await run.write('b.mp4', failure);
    await change(path);
    await until(() => run.broken.aborted, `${what} is noticed, though nothing is written`);
    const message = what.includes('lock') ? /lock, .*, was taken over or removed/ : /was removed, replaced or changed/;
    const error = await rejectsWith(run.write('c.mp4', result), 'WRITE_FAILED', message);
    assert.equal(run.broken.reason, error);
    await rejectsWith(run.finish(), 'WRITE_FAILED', message);
    await run.stop();
  }

  it('is noticed within a second or so, whatever happens to it', async () => {
    const start = performance.now();
    await Promise.all(Object.entries(changes).map(([what, change]) => lose(what, change)));
    assert.ok(performance.now() - start < 5_000);
    assert.ok(!openDescriptors().some((target) => target.startsWith(suite())), 'every file was closed');
    assert.equal(await contentOf(join(suite(), 'another run takes the lock over', 'results.jsonl.lock')), '{}');
  });

  it('is noticed at the end at the latest', async () => {
    for (const end of ['finish', 'stop'] as const) {
      const path = join(suite(), `${end}.jsonl`);
      const run = await begin(path);
      await unlink(path);
      await rejectsWith(run[end](), 'WRITE_FAILED', /was removed/);
      assert.equal(await contentOf(`${path}.lock`), undefined);
    }
  });

  it('before the run begins is an error of its beginning', async () => {
    await mkdir(join(suite(), 'early'));
    const path = join(suite(), 'early', 'results.jsonl');
    const run = await RunOutput.reserve(path, { resume: false });
    await rm(join(suite(), 'early'), { recursive: true });
    await rejectsWith(run.begin(identity), 'WRITE_FAILED', /ENOENT/);
    await run.stop();
  });

  it('can be resumed once it is back', async () => {
    const path = join(suite(), 'back.jsonl');
    const run = await begin(path);
    await run.write('a.mp4', result);
    await rename(path, `${path}.old`);
    await rejectsWith(run.finish(), 'WRITE_FAILED', /Put it back and run again with --resume/);
    await rename(`${path}.old`, path);
    const again = await begin(path, true);
    await again.write('b.mp4', result);
    await again.finish();
    assert.equal(await readFile(path, 'utf8'), resultLine('a.mp4') + resultLine('b.mp4'));
  });
});
