// One setup at a time in a checkout: two would install into the same folders.

import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { work } from './paths.mjs';

const file = path.join(work, 'lock');

/** Waits for another setup to finish, then holds the lock until this process ends. */
export async function lock() {
  fs.mkdirSync(work, { recursive: true });
  for (let told = false; !take(); told = true) {
    if (!told) console.log(`Waiting for another setup here (process ${holder()}) to finish.`);
    await sleep(500);
  }
  process.once('exit', release);
}

export function release() {
  if (holder() === process.pid) fs.rmSync(file, { force: true });
}

function take() {
  // Linked into place, so that no process sees a lock before it names its holder.
  const draft = `${file}-${process.pid}`;
  fs.writeFileSync(draft, String(process.pid));
  try {
    fs.linkSync(draft, file);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  } finally {
    fs.rmSync(draft);
  }
  // Left behind by a setup that was killed.
  if (!isRunning(holder())) fs.rmSync(file, { force: true });
  return false;
}

function holder() {
  try {
    return Number(fs.readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function isRunning(pid) {
  if (!pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
