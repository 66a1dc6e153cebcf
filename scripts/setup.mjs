// Makes a fresh clone ready: `node scripts/setup.mjs`, with --test for what the tests need besides.
// Benchmarks call setup() for the peers that they compare with.
//
// Needs nothing but Node.js. A step that has nothing to do says so without starting anything that takes time.

import fs from 'node:fs';
import { pathToFileURL } from 'node:url';

import { addon, javascript, nodePackages } from './setup/build.mjs';
import { lock, release } from './setup/lock.mjs';
import { root } from './setup/paths.mjs';
import { readFacts, unsupported } from './setup/platform.mjs';
import { peersStep, referencesStep, torchStep } from './setup/python.mjs';
import { logFile, SetupError, TITLE_WIDTH } from './setup/shell.mjs';
import { systemPackages } from './setup/system.mjs';

/** Runs every step that has something to do. Says what went wrong and ends the process when one cannot. */
export async function setup({ tests = false, peers = false } = {}) {
  try {
    const reason = unsupported(readFacts(), { tests });
    if (reason !== undefined) throw new SetupError(reason);
    await lock();
    for (const step of steps({ tests, peers })) await take(step);
    release();
  } catch (error) {
    const isFileError = typeof error.syscall === 'string';
    if (!(error instanceof SetupError) && !isFileError) throw error;
    console.error(`\n${isFileError ? `Setup cannot work in ${root}: ${error.message}` : error.message}`);
    process.exit(1);
  }
}

function steps({ tests, peers }) {
  // LibTorch from elsewhere does without Python, unless the tests compare with it.
  const python = tests
    ? [torchStep(), referencesStep(), ...(peers ? [peersStep()] : [])]
    : process.env.TUBELET_LIBTORCH
      ? []
      : [torchStep()];
  const wantsPython = () => python.some((step) => step.why() !== undefined);
  return [systemPackages({ tests, wantsPython }), nodePackages(), ...python, addon({ tests }), javascript()];
}

async function take(step) {
  const line = (mark, text) => console.log(`${mark} ${step.title.padEnd(TITLE_WIDTH)} ${text}`);
  const why = step.why();
  if (why === undefined) return line('✓', 'ready');

  line('·', why);
  fs.rmSync(logFile(step), { force: true });
  const started = performance.now();
  await step.make({ ...step, cwd: root });
  line('✓', `${((performance.now() - started) / 1000).toFixed(1)} s`);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await setup({ tests: process.argv.includes('--test') });
}
