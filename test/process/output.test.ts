import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { failureLine, resultLine } from '../support/output';
import { seededRandom } from '../support/random';
import { suiteFolder } from '../support/temp';
import { runChild } from './child';

interface Failure {
  code: string;
  message: string;
  cause: string;
}

describe('the output of a process', function () {
  this.timeout(120_000);
  const suite = suiteFolder('output');
  const expected = (index: number): string =>
    index % 7 === 3 ? failureLine(`${index}.mp4`) : resultLine(`${index}.mp4`);
  const all = Array.from({ length: 300 }, (_, index) => expected(index));

  async function folder(name: string): Promise<string> {
    const path = join(suite(), name);
    await mkdir(path);
    return path;
  }

  /** On a disk of two megabytes, for this process alone. */
  function onSmallDisk(path: string): string[] {
    const script = `mount -t tmpfs -o size=2m tmpfs '${path}'; exec "$@"`;
    return ['unshare', '--map-root-user', '--mount', 'sh', '-c', script, 'sh'];
  }

  /** Runs until it is over or this many milliseconds after its beginning; gives what it said that it has written. */
  async function killed(path: string, after: number): Promise<{ written: string[]; before: number; over: boolean }> {
    const child = spawn(process.execPath, [join(__dirname, 'children', 'output.js'), 'run', path]);
    const written: string[] = [];
    let before = 0;
    let killer: NodeJS.Timeout | undefined;
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { event, value } = JSON.parse(line) as { event: string; value: unknown };
      if (event === 'written') written.push(String(value));
      if (event !== 'begun') return;
      before = Number(value);
      killer = setTimeout(() => child.kill('SIGKILL'), after);
    });
    let stderr = '';
    child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
    await once(child, 'close');
    clearTimeout(killer);
    assert.equal(stderr, '');
    return { written, before, over: child.exitCode === 0 };
  }

  for (const extension of ['jsonl', 'csv']) {
    it(`loses no line and has none twice, killed again and again (.${extension})`, async () => {
      const within = await folder(`killed-${extension}`);
      const [path, reference] = [join(within, `a.${extension}`), join(within, `whole.${extension}`)];
      assert.equal((await runChild('output', ['run', reference])).code, 0);
      const random = seededRandom(extension);
      const written = new Set<string>();
      let kills = 0;
      for (let over = false; !over; kills++) {
        const run = await killed(path, kills < 15 ? random() * 40 : 60_000);
        assert.ok(run.before >= written.size, `${run.before} of ${written.size} lines are still there`);
        for (const file of run.written) {
          assert.ok(!written.has(file), `${file} was done once more`);
          written.add(file);
        }
        over = run.over;
      }
      assert.ok(kills > 3);
      const linesOf = async (name: string): Promise<string[]> => (await readFile(name, 'utf8')).split('\n').sort();
      assert.deepEqual(await linesOf(path), await linesOf(reference));
      assert.deepEqual(await linesOf(`${path}.errors.jsonl`), await linesOf(`${reference}.errors.jsonl`));
      const beside = (await readdir(within)).filter((name) => name.startsWith('a.')).sort();
      const journal = extension === 'jsonl' ? [] : [`a.${extension}.journal.jsonl`]; // stays with what failed
      assert.deepEqual(beside, [
        `a.${extension}`,
        `a.${extension}.errors.jsonl`,
        ...journal,
        `a.${extension}.run.json`,
      ]);
    });
  }

  for (const [what, scenario] of [
    ['with failures', 'run'],
    ['without', 'good'],
  ] as const) {
    it(`is on the disk before anything depends on it, ${what}`, async () => {
      const within = await folder(`order-${scenario}`);
      const [path, log] = [join(within, 'a.csv'), join(within, 'log')];
      const under = ['strace', '-f', '-qq', '-y', '-e', 'trace=fsync,fdatasync,rename,unlink', '-o', log];
      assert.equal((await runChild('output', [scenario, path], { under })).code, 0);
      const calls = (await readFile(log, 'utf8')).split('\n');
      const steps = [
        /fsync\(.*a\.csv\.run\.json\.incomplete>/, // what the lines are of, whole
        /rename\(".*a\.csv\.run\.json\.incomplete", ".*a\.csv\.run\.json"/,
        /fsync\(\d+<.*order-\w+>/,
        /fdatasync\(.*a\.csv\.journal\.jsonl>/, // the lines
        ...(scenario === 'run' ? [/fdatasync\(.*a\.csv\.errors\.jsonl>/] : []),
        /fsync\(.*a\.csv\.incomplete>/, // what is made of them
        /rename\(".*a\.csv\.incomplete", ".*a\.csv"/,
        /fsync\(\d+<.*order-\w+>/,
        ...(scenario === 'good' ? [/unlink\(".*a\.csv\.journal\.jsonl"/] : []), // and only then are they gone
      ];
      let from = 0;
      for (const step of steps) {
        const at = calls.findIndex((call, index) => index >= from && step.test(call));
        assert.notEqual(at, -1, `${step.source} comes after what goes before it:\n${calls.join('\n')}`);
        from = at + 1;
      }
    });
  }

  it('is valid when the disk becomes full, and goes on when there is room', async () => {
    const path = await folder('full');
    const { said, stderr } = await runChild('output', ['full', join(path, 'a.jsonl')], { under: onSmallDisk(path) });
    const { code, message, cause } = (said.get('failed') ?? {}) as Partial<Failure>;
    assert.equal(code, 'WRITE_FAILED', stderr);
    assert.match(message ?? '', /Cannot write .*a\.jsonl: ENOSPC.*\. Make room there, then run again with --resume/);
    assert.match(cause ?? '', /ENOSPC/);
    assert.deepEqual(said.get('left'), ['a.jsonl', 'a.jsonl.errors.jsonl', 'a.jsonl.run.json']);
    const lines = String(said.get('lines'));
    assert.ok(all.join('').startsWith(lines) && lines.endsWith('\n'), 'whole lines only');
    assert.ok(lines.length > 10_000);
    assert.equal(said.get('begun'), lines.split('\n').length - 1);
    assert.equal(said.get('output'), all.join(''));
    assert.equal(said.get('errors'), all.filter((line) => line.includes('"error"')).join(''));
  });

  it('leaves nothing where there is no room for it', async () => {
    const path = await folder('no-room');
    const { said, stderr } = await runChild('output', ['no-room', join(path, 'a.jsonl')], { under: onSmallDisk(path) });
    assert.equal((said.get('failed') as Partial<Failure> | undefined)?.code, 'WRITE_FAILED', stderr);
    assert.deepEqual(said.get('left'), []);
    assert.equal(said.get('output'), all.join(''));
  });

  it('keeps its journal when the disk becomes full at the very end', async () => {
    const path = await folder('full-at-last');
    const { said, stderr } = await runChild('output', ['full-at-last', join(path, 'a.csv')], {
      under: onSmallDisk(path),
    });
    const { code, message } = (said.get('failed') ?? {}) as Partial<Failure>;
    assert.equal(code, 'WRITE_FAILED', stderr);
    assert.match(message ?? '', /Cannot write .*a\.csv: ENOSPC/);
    assert.deepEqual(said.get('left'), ['a.csv.errors.jsonl', 'a.csv.journal.jsonl', 'a.csv.run.json']);
    assert.equal(said.get('lines'), all.join(''));
    assert.equal(said.get('begun'), all.length);
    assert.equal(String(said.get('output')).trimEnd().split('\n').length, 1 + all.length);
  });

  it('may be larger than a file is allowed to be', async () => {
    const path = join(await folder('limit'), 'a.jsonl');
    const under = ['sh', '-c', 'ulimit -f 100; exec "$@"', 'sh']; // 50 KB a file
    const { said, stderr } = await runChild('output', ['run', path], { under });
    const { code, message } = (said.get('failed') ?? {}) as Partial<Failure>;
    assert.equal(code, 'WRITE_FAILED', stderr);
    assert.match(message ?? '', /EFBIG.*ulimit -f/);
    const lines = await readFile(path, 'utf8');
    assert.ok(all.join('').startsWith(lines) && lines.endsWith('\n'), 'whole lines only');
  });

  it('needs a folder that can be written to', async () => {
    const path = await folder('read-only');
    const script = `mount -t tmpfs -o ro tmpfs '${path}'; exec "$@"`;
    const under = ['unshare', '--map-root-user', '--mount', 'sh', '-c', script, 'sh'];
    const { said, stderr } = await runChild('output', ['run', join(path, 'a.jsonl')], { under });
    const { code, message } = (said.get('failed') ?? {}) as Partial<Failure>;
    assert.equal(code, 'WRITE_FAILED', stderr);
    assert.match(message ?? '', /Cannot write .*a\.jsonl: EROFS.* The disk can only be read: name a folder on another/);
  });
});
