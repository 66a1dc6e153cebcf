// Runs programs: quietly for questions, with a log and a sign of life for work that takes long.

import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { work } from './paths.mjs';

const TAIL_LINES = 20;
const QUIET_INTERVAL_MS = 20_000;
const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';

/** A step that cannot go on. `message` is complete: it says what to do, and no stack trace helps. */
export class SetupError extends Error {}

export const isTerminal = process.stdout.isTTY === true;

export const logFile = (step) => path.join(work, `${step.name}.log`);

/** Whether a program succeeds, and what it prints. Never throws. */
export function ask(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', ...options });
  return { ok: result.status === 0, output: (result.stdout ?? '').trim() };
}

/** The absolute path of a program on the PATH, or undefined. */
export function which(name) {
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    const file = path.join(folder, name);
    try {
      fs.accessSync(file, fs.constants.X_OK);
      if (fs.statSync(file).isFile()) return file;
    } catch {
      // Not here.
    }
  }
  return undefined;
}

/**
 * Runs one command of a step. Its output goes to a log; meanwhile a terminal shows the last line and the time, and
 * anything else gets a line now and then. Fails with the command, the end of the log and `remedy`.
 */
export async function run(step, command, args, { env = {}, remedy } = {}) {
  const log = logFile(step);
  fs.mkdirSync(work, { recursive: true });
  const shown = [path.basename(command), ...args].join(' ');
  fs.appendFileSync(log, `$ ${shown}\n`);

  const child = spawn(command, args, {
    cwd: step.cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stopForwarding = forwardSignals(child);
  const tail = [];
  const record = (chunk) => {
    fs.appendFileSync(log, chunk);
    tail.push(...chunk.split(/[\r\n]+/).filter((line) => line.trim() !== ''));
    tail.splice(0, tail.length - TAIL_LINES);
  };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', record);

  const stopShowing = showProgress(step.title, () => tail.at(-1) ?? '');
  const failure = await new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(code === 0 ? undefined : (signal ?? `exit code ${code}`)));
  });
  stopShowing();
  stopForwarding();

  if (failure !== undefined) {
    throw new SetupError(
      [
        `${step.title} failed (${failure}) in:`,
        `    ${shown}`,
        'The last it said:',
        ...tail.map((line) => `    ${line}`),
        `All of it: ${path.relative(process.cwd(), log)}`,
        remedy ?? 'Mend that, then run this again: it goes on from here.',
      ].join('\n'),
    );
  }
}

/** A child is not left running when setup is told to stop. */
function forwardSignals(child) {
  const stop = (signal) => {
    child.kill(signal);
    console.error('\nInterrupted. Run this again to go on.');
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return () => process.off('SIGINT', stop).off('SIGTERM', stop);
}

function showProgress(title, lastLine) {
  const started = Date.now();
  const elapsed = () => `${Math.round((Date.now() - started) / 1000)} s`;
  let frame = 0;
  const draw = () => {
    const text = `${SPINNER[frame++ % SPINNER.length]} ${title.padEnd(TITLE_WIDTH)} ${elapsed()}  ${lastLine()}`;
    process.stdout.write(`\r\x1b[K${text.slice(0, (process.stdout.columns ?? 80) - 1)}`);
  };
  const tell = () => console.log(`… ${title.padEnd(TITLE_WIDTH)} ${elapsed()}  ${lastLine().slice(0, 100)}`);

  const timer = isTerminal ? setInterval(draw, 100) : setInterval(tell, QUIET_INTERVAL_MS);
  return () => {
    clearInterval(timer);
    if (isTerminal) process.stdout.write('\r\x1b[K');
  };
}

export const TITLE_WIDTH = 22;
