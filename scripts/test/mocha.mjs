// The tests in TypeScript, compiled to build-test/, through mocha.

import fs from 'node:fs';
import path from 'node:path';

import { inRoot, work } from '../setup/paths.mjs';
import { which } from '../setup/shell.mjs';
import { passes, withExitCode } from './shell.mjs';

/** Runs the tests that a configuration names and counts them. */
export async function runMocha(config) {
  const countsFile = path.join(work, 'mocha-counts.json');
  fs.rmSync(countsFile, { force: true });
  const reporter = inRoot('scripts', 'test', 'reporter.mjs');
  const args = [inRoot('node_modules', 'mocha', 'bin', 'mocha.js'), '--config', config, '--reporter', reporter];
  const passed = await passes(process.execPath, args, {
    env: {
      TUBELET_MOCHA_COUNTS: countsFile,
      // What ffmpeg-static then names, instead of a download of its own.
      FFMPEG_BIN: process.env.FFMPEG_BIN ?? which('ffmpeg'),
    },
  });

  const counts = fs.existsSync(countsFile)
    ? JSON.parse(fs.readFileSync(countsFile, 'utf8'))
    : { passed: 0, failed: 0, skipped: 0 };
  return withExitCode(passed, counts);
}
