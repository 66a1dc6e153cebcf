/**
 * One download of a file at a time, across processes and threads.
 *
 * huggingface_hub locks with flock(2), which Node does not have. Here a lock is a file, beside Python's and with a name
 * of its own, that says who holds it and is touched while it is held. One whose holder has died, in whatever way, is
 * taken over: at once where that can be seen, else when it has not been touched for a while. As with huggingface_hub,
 * the lock saves a second download and nothing depends on it: see lib/hub/partial.ts.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { link, mkdir, readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { isSystemError } from '../errors';
import { isObject } from '../json';
import { throwIfAborted } from '../task';

const touchEvery = 1_000;
const abandonedAfter = 10_000;
const lookEvery = 100;

/** What can be seen of a lock. */
interface Sight {
  content: string;
  touched: bigint;
}

/** A lock that is held. */
export class Lock {
  private readonly heart: NodeJS.Timeout;

  private constructor(
    private readonly path: string,
    private readonly content: string,
  ) {
    this.heart = setInterval(() => void this.touch(), touchEvery);
    this.heart.unref();
  }

  /**
   * Waits until the lock is free and takes it.
   *
   * @param path - The lock's file. Its folder is made.
   */
  static async acquire(path: string, signal?: AbortSignal): Promise<Lock> {
    await mkdir(dirname(path), { recursive: true });
    const content = JSON.stringify({ ...self(), id: randomUUID() });
    let last: Sight | undefined;
    let since = performance.now();
    for (;;) {
      throwIfAborted(signal);
      if (await create(path, content)) return new Lock(path, content);
      const seen = await look(path);
      if (seen?.content !== last?.content || seen?.touched !== last?.touched) since = performance.now();
      last = seen;
      if (seen !== undefined && (hasDied(seen.content) || performance.now() - since > abandonedAfter)) {
        await remove(path, seen.content);
      } else {
        await sleep(lookEvery);
      }
    }
  }

  async release(): Promise<void> {
    clearInterval(this.heart);
    await remove(this.path, this.content);
  }

  private async touch(): Promise<void> {
    const now = new Date();
    // Taken over by one who thought this process dead: not ours to keep alive.
    if ((await look(this.path))?.content !== this.content) clearInterval(this.heart);
    else await utimes(this.path, now, now).catch(() => undefined);
  }
}

async function create(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false;
    throw error;
  }
}

async function look(path: string): Promise<Sight | undefined> {
  try {
    const { mtimeNs } = await stat(path, { bigint: true });
    return { content: await readFile(path, 'utf8'), touched: mtimeNs };
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Removes the lock if it is still the one that was seen: of two who do this one may come late. */
async function remove(path: string, content: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
    if ((await readFile(aside, 'utf8')) !== content) await link(aside, path);
  } catch (error) {
    if (!isSystemError(error, 'ENOENT', 'EEXIST')) throw error;
  }
  await unlink(aside).catch(() => undefined);
}

/** Who this process is. A process id alone may mean another one, on another machine, in a container or later. */
function self(): { machine: string; process: number; started: string | undefined } {
  return { machine: machine(), process: process.pid, started: startOf(process.pid) };
}

/** Processes with the same one see each other. */
function machine(): string {
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
}

/** When a process began, in ticks since the machine did; `undefined` when there is no such process. */
function startOf(pid: number): string | undefined {
  try {
    // The second field is the program's name in brackets, with whatever characters it has; this is the 22nd.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19];
  } catch {
    return undefined;
  }
}

/** Whether the holder is known to have ended. */
function hasDied(content: string): boolean {
  let holder: unknown;
  try {
    holder = JSON.parse(content);
  } catch {
    return false; // it is just being written, or its writer died while doing so
  }
  if (!isObject(holder) || holder['machine'] !== machine() || typeof holder['process'] !== 'number') return false;
  return startOf(holder['process']) !== holder['started'];
}
