import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, it } from 'mocha';

import { inRoot, venv } from '../../scripts/setup/paths.mjs';

const models = ['motion-vivit', 'motion-timesformer', 'motion-videomae'].map((name) => inRoot('models', name));
const write = (...args) =>
  execFileSync(path.join(venv, 'bin', 'python'), ['-B', inRoot('scripts', 'motion', 'card.py'), ...args], {
    encoding: 'utf8',
    stdio: 'pipe',
  });

describe('model cards', () => {
  let folder;
  beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tubelet-card-'))));
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  it('are those that the files beside them make', () => {
    write('--check', ...models);
  });

  it('tell of the training that is recorded, whatever the bundled model went through', () => {
    fs.cpSync(models[0], folder, { recursive: true });
    const run = { machine: '3 threads of a Z80', batch: 24, encoded_share: 0.7, turns: false, clips: 1200 };
    const training = { start: { from: 'flow' }, runs: [run, { ...run, batch: 48, turns: true, clips: 34 }] };
    fs.writeFileSync(path.join(folder, 'training.json'), JSON.stringify(training));
    assert.throws(() => write('--check', folder), /run it/);
    write(folder);
    const card = fs.readFileSync(path.join(folder, 'README.md'), 'utf8');
    for (const said of ['trained from scratch', 'Z80', 'two runs', '1,234 clips', 'batch 24', 'batch 48', '70%']) {
      assert.ok(card.includes(said), said);
    }
    assert.doesNotMatch(card, /EPYC|motion-videomae|22 thousand|batch 16|20%/);
  });
});
