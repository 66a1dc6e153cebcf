import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { RunOutput } from '#lib/output/run';

import { begin, contentOf, identity } from '../../support/output';
import { rejectsWith } from '../../support/rejects';
import { suiteFolder } from '../../support/temp';

describe('an output before its run', () => {
  const suite = suiteFolder('reserve');
  const inSuite = (name: string): string => join(suite(), name);
  const reserve = (path: string, resume = false): Promise<RunOutput> => RunOutput.reserve(path, { resume });

  afterEach(async () => {
    const left = (await readdir(suite())).filter((name) => name.endsWith('.lock'));
    assert.deepEqual(left, [], 'every lock was given back');
  });

  it('is reserved without anything but a lock, and given back', async () => {
    for (const resume of [false, true]) {
      const run = await reserve(inSuite('none.jsonl'), resume);
      assert.deepEqual(await readdir(suite()), ['none.jsonl.lock']);
      assert.equal(run.isComplete, false);
      assert.equal(run.finished('a.mp4'), false);
      assert.equal(run.finishedItems, 0);
      await run.stop();
      await run.stop();
      await run.finish();
      assert.deepEqual(await readdir(suite()), []);
    }
  });

  it('is refused while another run has it, who is named', async () => {
    const run = await reserve(inSuite('held.csv'));
    for (const resume of [false, true]) {
      const message = new RegExp(`held\\.csv is being written by process ${process.pid} on ${hostname()}`);
      await rejectsWith(reserve(inSuite('held.csv'), resume), 'OUTPUT_LOCKED', message);
    }
    await (await reserve(inSuite('held.jsonl'))).stop();
    await run.stop();
    await (await reserve(inSuite('held.csv'))).stop();
  });

  it('must have a name that says its format, and one that the command can make', async () => {
    for (const name of ['results', 'results.json', 'jsonl', '']) {
      await rejectsWith(reserve(inSuite(name)), 'INVALID_ARGUMENT', /\.jsonl/);
    }
    await rejectsWith(begin(inSuite('classes.npy')), 'INVALID_ARGUMENT', /npy/);
    await (await begin(inSuite('vectors.npy'), false, { ...identity, command: 'embed' })).stop();
  });

  it('needs a folder', async () => {
    await rejectsWith(
      reserve(inSuite('none/a.jsonl')),
      'WRITE_FAILED',
      /Cannot write .*ENOENT.*The folder must be there/,
    );
    await writeFile(inSuite('file'), '');
    await rejectsWith(reserve(inSuite('file/a.jsonl')), 'WRITE_FAILED', /file is not a folder/);
    await rejectsWith(reserve(inSuite(`${'a'.repeat(260)}.csv`)), 'WRITE_FAILED', /ENAMETOOLONG.*shorter/);
    const { cause } = await rejectsWith(reserve('/proc/a.jsonl'), 'WRITE_FAILED', /Cannot write \/proc\/a\.jsonl/);
    assert.ok(cause instanceof Error && 'errno' in cause);
  });

  it('must be nothing but a file', async () => {
    await mkdir(inSuite('folder.jsonl'));
    await symlink('/dev/null', inSuite('device.jsonl'));
    await mkdir(inSuite('odd.csv.journal.jsonl'));
    for (const resume of [false, true]) {
      await rejectsWith(
        reserve(inSuite('folder.jsonl'), resume),
        'INVALID_ARGUMENT',
        /must be a file, and is a folder/,
      );
      await rejectsWith(reserve(inSuite('device.jsonl'), resume), 'INVALID_ARGUMENT', /must be a file/);
      await rejectsWith(reserve(inSuite('odd.csv'), resume), 'INVALID_ARGUMENT', /journal\.jsonl must be a file/);
    }
  });

  it('that is there already is left alone, unless it is to be resumed', async () => {
    for (const name of ['there.jsonl', 'there.csv', 'journal.csv.journal.jsonl']) {
      await writeFile(inSuite(name), 'of the user');
      const output = inSuite(name.replace('.journal.jsonl', ''));
      await rejectsWith(
        reserve(output),
        'INVALID_ARGUMENT',
        /is there already: add --resume to go on, or name another/,
      );
      await rejectsWith(
        reserve(output, true),
        'INVALID_ARGUMENT',
        /\.run\.json, which says what made it, is not there/,
      );
      assert.equal(await contentOf(inSuite(name)), 'of the user');
    }
  });

  it('whose link leads nowhere cannot be written', async () => {
    await symlink(inSuite('nowhere/a'), inSuite('link.jsonl'));
    await rejectsWith(begin(inSuite('link.jsonl')), 'WRITE_FAILED', /EEXIST/);
  });
});
