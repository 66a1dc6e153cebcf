// scarcity SMALL LARGE: reads while descriptors and then address space run out, and says how each call ended.

import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

import { TubeletError, readFrames } from '#lib/index';

import { argument, say } from './support';

const megabyte = 1 << 20;

async function codeOf(path: string, frames: number): Promise<string> {
  try {
    await readFrames(path, { sampling: 'spread', frames });
    return 'none';
  } catch (error) {
    return error instanceof TubeletError ? error.code : `untyped: ${String(error)}`;
  }
}

/** Node.js has no call for it: the program of util-linux changes the limits of a process that runs. */
function limit(resource: string): void {
  execFileSync('prlimit', ['--pid', String(process.pid), resource]);
}

/** Opens until nothing more can be opened. */
function exhaustDescriptors(): number[] {
  const descriptors: number[] = [];
  try {
    for (;;) descriptors.push(openSync('/dev/null', 'r'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EMFILE') throw error;
    return descriptors;
  }
}

function addressSpace(): number {
  return Number(/^VmSize:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
}

async function main(): Promise<void> {
  const [small, large] = [argument(0), argument(1)];
  say('at first', await codeOf(small, 4));

  limit('--nofile=256:');
  const descriptors = exhaustDescriptors();
  say('without descriptors', await codeOf(small, 4));
  for (const descriptor of descriptors) closeSync(descriptor);
  say('with descriptors again', await codeOf(small, 4));

  const tight: Record<string, string> = {};
  for (const room of [48, 64, 96, 128, 192, 256, 384]) {
    limit(`--as=${addressSpace() + room * megabyte}:`);
    tight[`${room} MB`] = await codeOf(large, 16);
    limit('--as=unlimited:');
  }
  say('without memory', tight);
  say('with memory again', await codeOf(large, 1));
}

void main();
