import assert from 'node:assert/strict';
import { appendFile, copyFile, mkdir, mkdtemp, readFile, readdir, symlink, unlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { UsageError } from '#lib/cli/base/arguments';
import { merge } from '#lib/cli/commands/merge';
import { Aborted } from '#lib/base/errors';
import { convert } from '#lib/output/convert';
import { type RunIdentity, readRun } from '#lib/output/identity';
import { RunOutput } from '#lib/output/run';

import { type Outcome, classification, embedding, failure, runIdentity, writeJournal } from '../support/journal';
import { rejectsWith } from '../support/rejects';
import { suiteFolder } from '../support/temp';
import { fakeSession } from './session';

type Outcomes = (readonly [string, Outcome])[];

const first: Outcomes = [
  ['a.mp4', embedding([1, 2])],
  ['bad.mp4', 'CORRUPT_VIDEO'],
  ['c "ü".mp4', embedding([3, 4])],
];
const second: Outcomes = [
  ['none.mp4', 'NOT_A_VIDEO'],
  ['d.mp4', embedding([5, 6])],
  ['bad too.mp4', 'CORRUPT_VIDEO'],
];

describe('tubelet merge', () => {
  const suite = suiteFolder('merge');
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(suite(), 'case-'));
  });
  const at = (name: string): string => join(folder, name);

  /** A run's output. */
  async function part(
    name: string,
    outcomes: Outcomes,
    { identity = runIdentity(), end = 'finish' }: { identity?: RunIdentity; end?: 'finish' | 'stop' } = {},
  ): Promise<string> {
    const run = await RunOutput.reserve(at(name), { resume: false });
    await run.begin(identity);
    for (const [file, outcome] of outcomes) {
      await run.write(file, typeof outcome === 'string' ? { error: failure(outcome) } : { result: outcome });
    }
    await run[end]();
    return at(name);
  }

  async function parts(identity?: RunIdentity): Promise<string[]> {
    const options = identity === undefined ? {} : { identity };
    return [await part('1.jsonl', first, options), await part('2.jsonl', second, options)];
  }

  async function run(args: string[], overrides = {}): Promise<string[]> {
    const session = fakeSession(overrides);
    assert.equal(await merge.run(args, session), 0);
    assert.deepEqual(session.complaints, []);
    return session.printed;
  }

  async function refuses(args: string[], code: Parameters<typeof rejectsWith>[1], message: RegExp): Promise<void> {
    const before = (await readdir(folder)).sort();
    await rejectsWith(run(args), code, message);
    assert.deepEqual((await readdir(folder)).sort(), before);
  }

  for (const format of ['jsonl', 'csv', 'parquet', 'npy']) {
    it(`makes of two parts what one run would have made: ${format}`, async () => {
      const [whole, merged] = [at(`whole.${format}`), at(`merged.${format}`)];
      await part(`whole.${format}`, [...first, ...second]);
      await run([...(await parts()), '--output', merged]);
      assert.deepEqual(await readFile(merged), await readFile(whole));
      const beside = (output: string): Promise<string[]> =>
        Promise.all(
          ['.errors.jsonl', '.run.json', ...(format === 'npy' ? ['.files.jsonl'] : [])].map((end) =>
            readFile(`${output}${end}`, 'utf8'),
          ),
        );
      assert.deepEqual(await beside(merged), await beside(whole));
      const left = (await readdir(folder)).filter((name) => name.startsWith('merged'));
      assert.equal(left.length, format === 'npy' ? 4 : 3, left.join());
    });
  }

  it('says what it did', async () => {
    const files = await parts();
    const [text] = await run([...files, '--output', at('a.csv')]);
    assert.equal(text, `${at('a.csv')}\n  6 files of 2 parts, 3 failed: CORRUPT_VIDEO 2, NOT_A_VIDEO 1`);
    const summary = { output: at('b.csv'), parts: 2, items: 6, failures: { CORRUPT_VIDEO: 2, NOT_A_VIDEO: 1 } };
    const [json] = await run([...files, '--output', at('b.csv'), '--json']);
    assert.deepEqual(JSON.parse(json!), summary);
    const [piped] = await run([...files, '--output', at('c.csv')], { interactive: false });
    assert.deepEqual(JSON.parse(piped!), { ...summary, output: at('c.csv') });

    const one = await part('one.jsonl', first.slice(0, 1));
    assert.deepEqual(await run([one, '--output', at('d.jsonl')]), [`${at('d.jsonl')}\n  1 file of 1 part`]);
    assert.ok(!existsSync(at('d.jsonl.errors.jsonl')));
  });

  it('makes parts of what it made', async () => {
    await run([...(await parts()), '--output', at('half.jsonl')]);
    const third = await part('3.jsonl', [['z.mp4', embedding([0, 0])]]);
    await run([at('half.jsonl'), third, '--output', at('all.jsonl')]);
    const names = (await readFile(at('all.jsonl'), 'utf8')).match(/(?<="file":")[a-z]+/g);
    assert.deepEqual(names, ['a', 'bad', 'c', 'none', 'd', 'bad', 'z']);
  });

  it('takes parts without lines', async () => {
    const empty = [await part('1.jsonl', []), await part('2.jsonl', [])];
    await run([...empty, '--output', at('all.jsonl')]);
    assert.equal(await readFile(at('all.jsonl'), 'utf8'), '');
  });

  it('takes a result rather than a failure of the same file', async () => {
    const outcomes: Outcomes[] = [
      [['a', 'TIMEOUT'], ['b', embedding([1])], ['c', 'TIMEOUT']], // prettier-ignore
      [['a', embedding([2])], ['b', 'TIMEOUT'], ['c', 'BUSY']], // prettier-ignore
    ];
    const files = [await part('1.jsonl', outcomes[0]!), await part('2.jsonl', outcomes[1]!)];
    await run([...files, '--output', at('all.jsonl')]);
    await writeJournal(at('expected'), [
      ['b', embedding([1])],
      ['c', 'TIMEOUT'],
      ['a', embedding([2])],
    ]);
    assert.equal(await readFile(at('all.jsonl'), 'utf8'), await readFile(at('expected'), 'utf8'));
  });

  it('refuses two results of the same file', async () => {
    const files = [await part('1.jsonl', first), await part('2.jsonl', first.slice(2))];
    const message = /1\.jsonl and .*2\.jsonl both have a result of c "ü"\.mp4: they are not shards of one run, or/;
    await refuses([...files, '--output', at('all.csv')], 'INVALID_ARGUMENT', message);
    await refuses([files[0]!, files[0]!, at('2.jsonl'), '--output', at('all.csv')], 'INVALID_ARGUMENT', message);
  });

  const others: [what: string, identity: Partial<RunIdentity>, message: RegExp][] = [
    ['command', { command: 'classify' }, /\(command: embed, now classify\)$/],
    [
      'weights',
      { checkpoint: { name: 'org/name', sha256: '12'.repeat(32) } },
      /\(checkpoint: org\/name \(sha256 abababababab\), now org\/name \(sha256 121212121212\)\)$/,
    ],
    ['precision', { precision: 'bf16' }, /\(precision: fp32, now bf16\)$/],
    ['options', { options: { pooling: 'mean' } }, /\(pooling: not given, now "mean"\)$/],
  ];
  for (const [what, identity, message] of others) {
    it(`refuses parts of another ${what}, and says so`, async () => {
      const files = [await part('1.jsonl', first), await part('2.jsonl', [], { identity: runIdentity(identity) })];
      await refuses([...files, '--output', at('all.jsonl')], 'INVALID_ARGUMENT', message);
    });
  }

  it('takes parts of another name for the weights, and of another version', async () => {
    const identity = runIdentity({ tubelet: '1.2.4', checkpoint: { ...runIdentity().checkpoint, name: '/a/folder' } });
    const files = [await part('1.jsonl', first), await part('2.jsonl', second, { identity })];
    await run([...files, '--output', at('all.jsonl')]);
    assert.deepEqual((await readRun(at('all.jsonl')))?.identity, runIdentity());
  });

  it('refuses parts that are not finished', async () => {
    const done = await part('1.jsonl', first);
    const unfinished =
      /^Cannot merge .*2\.jsonl: its run is still going, or was interrupted\. Wait for it, or resume it \(/;
    const args = [done, at('2.jsonl'), '--output', at('all.csv')];
    await part('2.jsonl', second, { end: 'stop' });
    await refuses(args, 'INVALID_ARGUMENT', unfinished);

    const again = await RunOutput.reserve(at('2.jsonl'), { resume: true });
    await again.begin(runIdentity());
    await rejectsWith(run(args), 'INVALID_ARGUMENT', unfinished);
    await again.finish();
    await appendFile(at('2.jsonl'), '{"file":"half');
    await refuses(args, 'INVALID_ARGUMENT', unfinished);
  });

  it('refuses what is no part', async () => {
    const [one] = await parts();
    const output = ['--output', at('all.jsonl')];
    await refuses([one!, at('none.jsonl'), ...output], 'FILE_NOT_FOUND', /^There is no file .*none\.jsonl$/);
    await part('x.csv', first);
    const message =
      /^Cannot merge .*x\.csv: a part must be a \.jsonl output .* Run each part with --output NAME\.jsonl/;
    await refuses([one!, at('x.csv'), ...output], 'INVALID_ARGUMENT', message);
    await copyFile(one!, at('alone.jsonl'));
    const alone =
      /^Cannot merge .*: .*alone\.jsonl\.run\.json, which says what made it, is not there; copy it together/;
    await refuses([at('alone.jsonl'), ...output], 'INVALID_ARGUMENT', alone);
    await appendFile(at('2.jsonl'), '[]\n');
    await refuses([one!, at('2.jsonl'), ...output], 'INVALID_ARGUMENT', /2\.jsonl has a line, .* not one of a run's$/);
  });

  it('writes over nothing', async () => {
    const files = await parts();
    const there = /is there already: name another file$/;
    for (const name of ['all.csv', 'all.csv.journal.jsonl']) {
      await writeFile(at(name), '');
      await refuses([...files, '--output', at('all.csv')], 'INVALID_ARGUMENT', there);
      await unlink(at(name));
    }
    await mkdir(at('all.csv'));
    await refuses([...files, '--output', at('all.csv')], 'INVALID_ARGUMENT', there);
    await refuses([...files, '--output', files[1]!], 'INVALID_ARGUMENT', there);
    await refuses([...files, '--output', at('none/all.csv')], 'WRITE_FAILED', /^Cannot write .*: ENOENT/);
    await refuses(
      [...files, '--output', at('all.txt')],
      'INVALID_ARGUMENT',
      /must end in \.jsonl, \.csv, \.parquet or/,
    );
  });

  it('waits for nobody who writes the same output', async () => {
    const files = await parts();
    const other = await RunOutput.reserve(at('all.csv'), { resume: false });
    await refuses([...files, '--output', at('all.csv')], 'OUTPUT_LOCKED', /all\.csv is being written by process \d+/);
    await other.stop();
    await run([...files, '--output', at('all.csv')]);
  });

  it('makes no array of classes', async () => {
    const identity = runIdentity({ command: 'classify' });
    const file = await part('1.jsonl', [['a', classification({ x: 1 })]], { identity });
    await refuses([file, '--output', at('all.npy')], 'INVALID_ARGUMENT', /holds vectors of embed only/);
    await run([file, '--output', at('all.parquet')]);
  });

  it('leaves nothing when the disk is full, and says that the parts are whole', async () => {
    const files = await parts();
    for (const name of ['all.csv', 'all.csv.errors.jsonl', 'all.csv.run.json']) {
      await symlink('/dev/full', at(`${name}.incomplete`));
      const message = /^Cannot write .*all\.csv: ENOSPC: no space left on device, write\. The parts are as they were$/;
      await rejectsWith(run([...files, '--output', at('all.csv')]), 'WRITE_FAILED', message);
      assert.deepEqual(
        (await readdir(folder)).filter((left) => left.startsWith('all')),
        [],
      );
    }
  });

  for (const format of ['jsonl', 'csv', 'parquet', 'npy']) {
    it(`leaves nothing when it is interrupted: ${format}`, async () => {
      const many: Outcomes = Array.from({ length: 5000 }, (_, index) => [`${index}.mp4`, embedding([index, 1])]);
      await writeJournal(at('1.jsonl'), many);
      await part('2.jsonl', second);
      await copyFile(at('2.jsonl.run.json'), at('1.jsonl.run.json'));
      const before = (await readdir(folder)).sort();
      const interrupt = new AbortController();
      const watch = setInterval(() => {
        if (existsSync(at(`all.${format}.incomplete`))) interrupt.abort();
      }, 0);
      try {
        const args = [at('1.jsonl'), at('2.jsonl'), '--output', at(`all.${format}`)];
        await assert.rejects(run(args, { signal: interrupt.signal }), Aborted);
        assert.deepEqual((await readdir(folder)).sort(), before);
      } finally {
        clearInterval(watch);
      }
    });
  }

  it('writes over what a killed one has left', async () => {
    const files = await parts();
    await writeFile(at('all.csv.incomplete'), 'x'.repeat(10_000));
    await run([...files, '--output', at('all.csv')]);
    const journal = at('both');
    await writeJournal(journal, [...first, ...second]);
    await convert(journal, at('expected.csv'), runIdentity());
    assert.equal(await readFile(at('all.csv'), 'utf8'), await readFile(at('expected.csv'), 'utf8'));
  });

  it('wants an output', async () => {
    for (const args of [['a.jsonl'], ['a.jsonl', '--output', '']]) {
      await assert.rejects(
        run(args),
        (error) => error instanceof UsageError && error.message.startsWith('name the file to'),
      );
    }
    await assert.rejects(run(['--output', 'a.csv']), /^Error: name at least one PART$/);
  });
});
