import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { type ClassifyResult, load } from '#lib/index';

import { folderOfClips, program } from '../support/folder';
import { suiteFolder } from '../support/temp';
import { smallModel } from './fixtures';
import { makeHostileFiles } from './hostile-files';
import { survivesKills } from './kills';

type Line = Partial<ClassifyResult> & { file: string; error?: { code: string; message: string } };

interface Running {
  child: ChildProcess;
  stdout: string;
  stderr: string;
  /** Waits until it has written something to standard error, or until it has ended. */
  says(text: string): Promise<void>;
  ended: Promise<number | NodeJS.Signals | null>;
}

/** Whatever a test that failed has left. */
const started = new Set<ChildProcess>();

/** @param input - For its standard input, which stays open if it is null. */
function start(
  cwd: string,
  args: string[],
  { under = [] as string[], env = {}, input = '' }: { under?: string[]; env?: object; input?: string | null } = {},
): Running {
  const [command, ...line] = [...under, ...program, ...args] as [string, ...string[]];
  const child = spawn(command, line, { cwd, env: { ...process.env, ...env } });
  started.add(child);
  child.stdin.on('error', () => undefined);
  if (input !== null) child.stdin.end(input);
  const running: Running = {
    child,
    stdout: '',
    stderr: '',
    says: async (text) => {
      while (!running.stderr.includes(text) && child.exitCode === null)
        await Promise.race([once(child.stderr, 'data'), once(child, 'exit')]);
    },
    ended: once(child, 'close').then(() => child.exitCode ?? child.signalCode),
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (running.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (running.stderr += text));
  return running;
}

async function linesOf(path: string): Promise<Line[]> {
  const text = await readFile(path, 'utf8');
  assert.ok(text === '' || text.endsWith('\n'), 'whole lines only');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
}

/** Waits until an output has so many lines. */
async function grown(path: string, lines: number): Promise<void> {
  const limit = performance.now() + 60_000;
  for (;;) {
    const text = await readFile(path, 'utf8').catch(() => '');
    if (text.split('\n').length > lines) return;
    assert.ok(performance.now() < limit, `${path} does not grow`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const model = ['--model', smallModel];
const many = 1500; // far more than are done before a test ends it

describe('a folder of videos', function () {
  this.timeout(120_000);
  const suite = suiteFolder('folder');
  let clips: string[];
  before(async () => {
    clips = await folderOfClips(join(suite(), 'clips'), many);
  });
  after(() => {
    for (const child of started) child.kill('SIGKILL');
  });

  it('keeps every good result among hostile files, each as a single call has it', async () => {
    const hostile = join(suite(), 'hostile');
    const good = await folderOfClips(join(hostile, 'good'), 7);
    const { files } = await makeHostileFiles(hostile);
    const args = ['classify', hostile, ...model, '--limit', 'pixels=10000000', '--output', 'hostile.jsonl'];
    const run = start(suite(), args);
    assert.equal(await run.ended, 1, run.stderr);
    const lines = await linesOf(join(suite(), 'hostile.jsonl'));
    const byFile = new Map(lines.map((line) => [line.file, line]));
    assert.equal(byFile.size, lines.length);
    const tried = files.filter(({ path }) => byFile.has(path));
    assert.ok(tried.length > 200, `${tried.length}`);
    for (const { name, path, codes } of tried) {
      const code = byFile.get(path)?.error?.code ?? 'none';
      assert.ok(codes.includes(code) || code === 'LIMIT_EXCEEDED', `${name}: ${code}`);
    }
    await using single = await load(smallModel);
    for (const path of good) {
      const { milliseconds, ...expected } = await single.classify(path);
      const { file, milliseconds: spent, ...found } = byFile.get(path)!;
      assert.deepEqual(found, JSON.parse(JSON.stringify(expected)));
      assert.deepEqual([file, Object.keys(spent!)], [path, Object.keys(milliseconds)]);
    }
    const errors = await linesOf(join(suite(), 'hostile.jsonl.errors.jsonl'));
    assert.deepEqual(new Set(errors), new Set(lines.filter(({ error }) => error !== undefined)));
  });

  it('ends with what was written when the disk is full', async () => {
    const disk = join(suite(), 'disk');
    await mkdir(disk);
    const script = `mount -t tmpfs -o size=64k tmpfs '${disk}'; "$@"; code=$?; cp '${disk}'/* '${suite()}'; exit $code`;
    const under = ['unshare', '--map-root-user', '--mount', 'sh', '-c', script, 'sh'];
    const run = start(suite(), ['classify', 'clips', ...model, '--output', join(disk, 'full.jsonl')], { under });
    assert.equal(await run.ended, 1, run.stderr);
    assert.match(run.stderr, /^tubelet classify: WRITE_FAILED: Cannot write .*full\.jsonl: ENOSPC/m);
    assert.match(run.stderr, /^Stopped: \d+ of 1500 videos, 0 failed$/m);
    assert.match(run.stderr, /^To resume:\n {2}tubelet classify clips .* --resume$/m);
    const lines = await linesOf(join(suite(), 'full.jsonl'));
    assert.ok(lines.length > 10 && lines.length < many);
    for (const { predictions } of lines) assert.equal(predictions?.length, 5);
  });

  it('ends soon when the output is taken away', async () => {
    const folder = join(suite(), 'vanishing');
    await mkdir(folder);
    const output = join(folder, 'r.jsonl');
    const run = start(suite(), ['classify', 'clips', ...model, '--output', output]);
    await grown(output, 5);
    await rm(folder, { recursive: true });
    assert.equal(await run.ended, 1, run.stderr);
    assert.match(run.stderr, /^tubelet classify: WRITE_FAILED: .*r\.jsonl/m);
    assert.doesNotMatch(run.stderr, /^ {4}at /m);
    assert.equal(existsSync(folder), false);
  });

  it('ends soon when the output is taken away while no video is finished', async () => {
    const folder = join(suite(), 'idle');
    await mkdir(folder);
    const output = join(folder, 'r.jsonl');
    // The clip on standard input never ends.
    const args = ['classify', '-', ...clips.slice(0, 3), ...model, '--output', output];
    const run = start(suite(), args, { input: null });
    await grown(output, 3);
    await rm(folder, { recursive: true });
    assert.equal(await run.ended, 1);
    assert.match(run.stderr, /^tubelet classify: WRITE_FAILED: .*r\.jsonl/m);
  });

  it('ends quietly when nobody reads on', async () => {
    const run = start(suite(), ['classify', 'clips', ...model], {
      under: ['bash', '-c', 'set -o pipefail; "$@" | head -n 1', 'bash'],
    });
    assert.equal(await run.ended, 0, run.stderr);
    assert.equal(run.stderr, '');
    assert.match(run.stdout, /^\{"file":"clips\/00000-[^\n]*\}\n$/);
  });

  it('goes on when nobody reads what it says', async () => {
    const few = clips.slice(0, 20);
    const script = '"$@" 2>&1 >/dev/null | true; exit ${PIPESTATUS[0]}';
    const run = start(suite(), ['classify', 'missing.mp4', ...few, ...model, '--output', 'unheard.jsonl'], {
      under: ['bash', '-c', script, 'bash'],
    });
    assert.equal(await run.ended, 1);
    assert.equal((await linesOf(join(suite(), 'unheard.jsonl'))).length, few.length + 1);
  });

  it('refuses a second run on one output, before its model is loaded', async () => {
    const output = join(suite(), 'locked.jsonl');
    const first = start(suite(), ['classify', 'clips', ...model, '--output', output]);
    await grown(output, 1);
    for (const args of [[], ['--resume']]) {
      const second = start(suite(), ['classify', 'clips', '--model', './no-model', '--output', output, ...args]);
      assert.equal(await second.ended, 1);
      assert.match(second.stderr, /^tubelet classify: OUTPUT_LOCKED: .*locked\.jsonl/);
    }
    first.child.kill('SIGINT');
    assert.equal(await first.ended, 130);
    await linesOf(output);
  });

  it('finishes what has been begun on Ctrl-C, also of results that are printed', async () => {
    const run = start(suite(), ['classify', 'clips', ...model]);
    await once(run.child.stdout!, 'data');
    run.child.kill('SIGINT');
    assert.equal(await run.ended, 130);
    assert.equal(run.stderr, '');
    const files = run.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as Line).file);
    assert.deepEqual(
      files,
      clips.slice(0, files.length).map((path) => path.slice(suite().length + 1)),
    );
  });

  for (const [name, code] of [
    ['SIGHUP', 'SIGHUP'],
    ['SIGTERM', 143],
  ] as const) {
    it(`says how to go on after ${name}`, async () => {
      const output = join(suite(), `${name}.jsonl`);
      const run = start(suite(), ['classify', 'clips', ...model, '--output', output]);
      await grown(output, 3);
      run.child.kill(name);
      assert.equal(await run.ended, code);
      assert.match(
        run.stderr,
        /^Finishing what has been begun; Ctrl-C again stops at once\.\nInterrupted: \d+ of 1500/,
      );
      assert.match(run.stderr, new RegExp(`\nTo resume:\n  tubelet classify clips .* --output ${output} --resume\n$`));
      assert.equal(existsSync(`${output}.lock`), false);
    });
  }

  it('stops at once on the second Ctrl-C', async () => {
    const output = join(suite(), 'twice.jsonl');
    // The clip on standard input never ends, and so the first Ctrl-C alone would not end the run.
    const run = start(suite(), ['classify', '-', 'clips', ...model, '--output', output], { input: null });
    await grown(output, 3);
    run.child.kill('SIGINT');
    await run.says('Finishing');
    await new Promise((resolve) => setTimeout(resolve, 300)); // sooner it would be the same press
    assert.equal(run.child.exitCode, null);
    run.child.kill('SIGINT');
    assert.equal(await run.ended, 130);
    assert.match(run.stderr, /\nInterrupted: \d+ of 1501 videos, 0 failed\n/);
    const files = (await linesOf(output)).map(({ file }) => file);
    assert.ok(files.length > 0 && !files.includes('-'));
    assert.equal(new Set(files).size, files.length);
    assert.equal(existsSync(`${output}.lock`), false);
  });

  it('stops at once on Ctrl-C while the model is not there yet, and leaves nothing', async () => {
    const hub = createServer(() => undefined); // never answers
    await new Promise<void>((listening) => hub.listen(0, '127.0.0.1', listening));
    const asked = once(hub, 'request');
    const env = {
      HF_ENDPOINT: `http://127.0.0.1:${(hub.address() as AddressInfo).port}`,
      HF_HUB_CACHE: join(suite(), 'cache'),
      HF_HUB_OFFLINE: '',
    };
    const run = start(suite(), ['classify', 'clips', '--model', 'some/model', '--output', 'early.jsonl'], { env });
    await asked;
    run.child.kill('SIGINT');
    assert.equal(await run.ended, 130);
    assert.equal(run.stderr, '');
    assert.deepEqual(
      (await readdir(suite())).filter((name) => name.startsWith('early')),
      [],
    );
    hub.closeAllConnections();
    hub.close();
  });

  it('ends on Ctrl-C also when it waits for names', async () => {
    const args = ['classify', '--files-from', '-', ...model, '--output', 'names.jsonl'];
    const run = start(suite(), args, { input: null });
    run.child.stdin!.write('clips/00000-nasa_13013.mp4\n');
    await grown(join(suite(), 'names.jsonl'), 1);
    run.child.kill('SIGINT');
    assert.equal(await run.ended, 130);
    assert.equal((await linesOf(join(suite(), 'names.jsonl'))).length, 1);
  });

  it('does nothing twice and loses nothing, killed at random moments', async () => {
    const folder = join(suite(), 'kills');
    await mkdir(folder);
    await survivesKills(folder, 3, 'three');
  });

  it('writes other formats as well', async () => {
    const few = clips.slice(0, 10);
    for (const [command, name] of [
      ['classify', 'r.csv'],
      ['embed', 'r.parquet'],
      ['embed', 'r.npy'],
    ] as const) {
      const run = start(suite(), [command, ...few, ...model, '--output', name]);
      assert.equal(await run.ended, 0, run.stderr);
      assert.ok(existsSync(join(suite(), name)));
      assert.equal(existsSync(join(suite(), `${name}.journal.jsonl`)), false);
    }
    const again = start(suite(), ['embed', ...few, ...model, '--output', 'r.npy', '--resume']);
    assert.equal(await again.ended, 0);
    assert.match(again.stderr, /^r\.npy is complete already\nDone: /);
    const csv = await readFile(join(suite(), 'r.csv'), 'utf8');
    for (const file of few) assert.ok(csv.includes(file), file);
  });
});
