import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { root } from '../support/paths';

const execute = promisify(execFile);

/** Runs a program in the clone, as somebody would who has just cloned it: without what this run has in its environment. */
function runIn(folder: string, command: string, ...args: string[]) {
  const { PATH, HOME } = process.env;
  return execute(command, args, { cwd: folder, env: { PATH, HOME }, maxBuffer: 2 ** 26 });
}

describe('a fresh clone', () => {
  let parent: string;
  let clone: string;
  before(async () => {
    parent = mkdtempSync(path.join(tmpdir(), 'tubelet-clone-'));
    clone = path.join(parent, 'tubelet');
    await runIn(parent, 'git', 'clone', '--quiet', root, clone);
  });
  after(() => {
    rmSync(parent, { recursive: true });
  });

  it('is not fooled by an installation that was stopped in the middle', async () => {
    const setup = spawn('node', ['scripts/setup.mjs'], { cwd: clone, stdio: 'ignore' });
    while (!existsSync(path.join(clone, '.setup', 'venv-unfinished'))) await sleep(100);
    await sleep(3000);
    setup.kill('SIGTERM');
    await once(setup, 'close');

    const { stdout } = await runIn(clone, 'node', 'scripts/setup.mjs');
    assert.match(stdout, /LibTorch.*an installation was interrupted/);
    assert.match(stdout, /node packages +ready/);
  });

  it('shows what the three bundled models see in one command', async () => {
    const { stdout } = await runIn(clone, 'npm', 'run', 'demo');
    for (const model of ['motion-vivit', 'motion-timesformer', 'motion-videomae'])
      assert.match(stdout, new RegExp(model));
  });

  it('is set up in under 2 s when nothing is missing', async () => {
    const started = performance.now();
    const { stdout } = await runIn(clone, 'node', 'scripts/setup.mjs');
    const seconds = (performance.now() - started) / 1000;
    assert.doesNotMatch(stdout, /^·/m);
    assert.ok(seconds < 2, `${seconds} s`);
  });
});
