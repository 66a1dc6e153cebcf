/**
 * One at a time, across processes and threads: one download of a file, one run of an output.
 *
 * Node does not have flock(2), with which huggingface_hub locks. Here a lock is a file of its own that says who holds it
 * and is touched while it is held. One whose holder has died, however it did, is taken over: at once where that can be
 * seen, else when it has not been touched for a while. A holder that was stopped for so long may lose it and is not
 * told: whoever depends on the lock asks `isHeld`. Downloads do not: see lib/hub/partial.ts.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { type FileHandle, link, mkdir, open, readFile, rename, stat, unlink, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { throwIfAborted } from './abort';
import { isSystemError } from './errors';
import { type JsonObject, isObject, parsedJson } from './json';

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
    throwIfAborted(signal);
    await mkdir(dirname(path), { recursive: true });
    const claim = new Claim(path);
    while ((await claim.attempt()) !== 'taken') {
      await sleep(lookEvery);
      throwIfAborted(signal);
    }
    return new Lock(path, claim.content);
  }

  /**
   * Takes the lock unless another process has it. Of a process on this machine that is seen at once; elsewhere when it touches
   * the lock, within a second or so, and when it is dead after ten.
   *
   * @param path - The lock's file, in a folder that is there.
   */
  static async tryAcquire(path: string): Promise<Lock | undefined> {
    const claim = new Claim(path);
    for (;;) {
      const state = await claim.attempt();
      if (state === 'taken') return new Lock(path, claim.content);
      if (state === 'held') return undefined;
      await sleep(lookEvery);
    }
  }

  /** Whether the lock has not been taken over or removed. */
  async isHeld(): Promise<boolean> {
    return (await look(this.path))?.content === this.content;
  }

  async release(): Promise<void> {
    clearInterval(this.heart);
    await remove(this.path, this.content);
  }

  private async touch(): Promise<void> {
    const now = new Date();
    try {
      // Taken over by one who thought this process dead: not ours to keep alive.
      if (!(await this.isHeld())) clearInterval(this.heart);
      else await utimes(this.path, now, now);
    } catch {
      // A disk that cannot be reached for a moment; there is another touch in a second.
    }
  }
}

/** Who holds the lock, where that is known. */
export async function holderOf(path: string): Promise<{ process: number; host: string } | undefined> {
  const holder = parsed((await look(path))?.content);
  if (typeof holder?.['process'] !== 'number' || typeof holder['host'] !== 'string') return undefined;
  return { process: holder['process'], host: holder['host'] };
}

/** One who wants a lock, and what was seen of it meanwhile. */
class Claim {
  readonly content = JSON.stringify({ ...self(), id: randomUUID() });
  private last: Sight | undefined;
  private since = 0;

  constructor(private readonly path: string) {}

  /** Takes the lock when it is free or abandoned. It is `held` when its holder can be seen to live. */
  async attempt(): Promise<'taken' | 'held' | 'unclear'> {
    if (await create(this.path, this.content)) return 'taken';
    const before = this.last;
    const seen = await look(this.path);
    const touched = seen?.content !== before?.content || seen?.touched !== before?.touched;
    if (touched) this.since = performance.now();
    this.last = seen;
    if (seen === undefined) return 'unclear';

    const holder = holderState(seen.content);
    if (holder === 'dead' || performance.now() - this.since > abandonedAfter) {
      await remove(this.path, seen.content);
      return (await create(this.path, this.content)) ? 'taken' : 'unclear';
    }
    return holder === 'alive' || (touched && before !== undefined) ? 'held' : 'unclear';
  }
}

async function create(path: string, content: string): Promise<boolean> {
  let file: FileHandle;
  try {
    file = await open(path, 'wx');
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false;
    throw error;
  }
  try {
    await file.writeFile(content);
  } catch (error) {
    await unlink(path).catch(() => undefined); // no room for it: an empty one would be in the way of the next
    throw error;
  } finally {
    await file.close();
  }
  return true;
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
  const aside = join(dirname(path), `.${randomUUID()}.lock`);
  try {
    await rename(path, aside);
    if ((await readFile(aside, 'utf8')) !== content) await link(aside, path);
  } catch (error) {
    if (!isSystemError(error, 'ENOENT', 'EEXIST')) throw error;
  }
  await unlink(aside).catch(() => undefined);
}

/** Who this process is. A process id alone may mean another one, on another machine, in a container or later. */
function self(): { machine: string; process: number; started: string | undefined; host: string } {
  return { machine: machine(), process: process.pid, started: startOf(process.pid), host: hostname() };
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

/** What is known of a lock's holder. */
function holderState(content: string): 'alive' | 'dead' | 'unknown' {
  const holder = parsed(content);
  if (holder?.['machine'] !== machine() || typeof holder['process'] !== 'number') return 'unknown';
  return startOf(holder['process']) === holder['started'] ? 'alive' : 'dead';
}

/** What a lock's file says; nothing when it is just being written, or its writer died while doing so. */
function parsed(content = ''): JsonObject | undefined {
  const holder = parsedJson(content);
  return isObject(holder) ? holder : undefined;
}
