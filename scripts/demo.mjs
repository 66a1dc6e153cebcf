// What the three bundled models make of the sample clips, from a fresh clone in one command.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

import { inRoot } from './setup/paths.mjs';
import { setup } from './setup.mjs';

await setup();

const samples = inRoot('samples');
const clips = fs
  .readdirSync(samples)
  .filter((name) => name.endsWith('.mp4'))
  .map((name) => `samples/${name}`);

console.log();
const command = ['compare', ...clips, '--models', 'motion-vivit,motion-timesformer,motion-videomae'];
const { status } = spawnSync(process.execPath, [inRoot('bin', 'tubelet.mjs'), ...command], {
  cwd: inRoot(),
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
