// hostile MANIFEST PASSES: reads all files of a manifest at once, PASSES times, and says how each call ended and what
// the process held after each pass.

import { readFileSync, readdirSync } from 'node:fs';

import { TubeletError, probe, readFrames } from '#lib/index';

import type { HostileFile } from '../hostile-files';
import { argument, say, shortVideo } from './support';

/** The code of the error that a call ends with; `none` for a result; anything else for what no call may end with. */
async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'none';
  } catch (error) {
    return error instanceof TubeletError ? error.code : `untyped: ${String(error)}`;
  }
}

function entriesIn(folder: string): number {
  return readdirSync(folder).length;
}

async function main(): Promise<void> {
  const files = JSON.parse(readFileSync(argument(0), 'utf8')) as HostileFile[];
  await readFrames(shortVideo, { sampling: 'spread', frames: 4 });

  for (let pass = 1; pass <= Number(argument(1)); pass++) {
    const read = files.map(({ path }) => outcome(readFrames(path, { sampling: 'spread', frames: 4 })));
    const probed = files.map(({ path }) => outcome(probe(path)));
    say(`pass ${pass}`, { read: await Promise.all(read), probed: await Promise.all(probed) });
    globalThis.gc?.();
    say(`holdings ${pass}`, {
      resident: process.memoryUsage.rss(),
      descriptors: entriesIn('/proc/self/fd'),
      threads: entriesIn('/proc/self/task'),
    });
  }
  await readFrames(shortVideo, { sampling: 'spread', frames: 4 });
  say('still works');
}

void main();
