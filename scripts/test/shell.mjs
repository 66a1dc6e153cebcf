// Runs the programs that check something.

import { spawn } from 'node:child_process';

import { root } from '../setup/paths.mjs';

/** Whether a program succeeds. Its output is shown as it comes, or, when quiet, only if it fails. */
export async function passes(command, args, { quiet = false, env = {} } = {}) {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk) => (output += chunk));
  }
  const passed = await new Promise((resolve) => {
    child.on('error', (error) => {
      output += `${command}: ${error.message}\n`;
      resolve(false);
    });
    child.on('close', (code) => resolve(code === 0));
  });
  if (!passed && output !== '') console.log(output.trimEnd());
  return passed;
}

/** Runs `[command, args]` pairs, some at a time, and shows what those that fail have to say. */
export async function passesInParallel(commands, limit) {
  const waiting = [...commands];
  let allPassed = true;
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (!(await passes(...next, { quiet: true }))) allPassed = false;
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  return allPassed;
}

/** What a test runner counted. One that fails without a failed test crashed: it counted what had run, not what brought it down. */
export function withExitCode(passed, counts) {
  return !passed && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}
