// copy HOW: is in the middle of copying a stream to a temporary file and ends in one way or another.

import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';

import { TubeletError, readFrames } from '#lib/index';

import { temporaryFiles } from '../../support/descriptors';
import { until } from '../../support/waiting';
import { argument, delay, say, shortVideo } from './support';

function end(how: string): void {
  switch (how) {
    case 'exit':
      process.exit(7);
    case 'throw':
      setImmediate(() => {
        throw new Error('thrown in mid-copy');
      });
      return;
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
  }
}

async function main(): Promise<void> {
  const how = argument(0);
  const stream = new Readable({ read: () => undefined });
  stream.push(readFileSync(shortVideo));
  if (how === 'fill') stream.push(null);
  const work = readFrames(stream);
  work.catch((error: unknown) => {
    if (error instanceof TubeletError) say('failed', { code: error.code, message: error.message });
    say('destroyed', stream.destroyed);
  });
  if (how === 'fill') return;
  await until(() => temporaryFiles() === 1, 'the copy has begun');
  await delay(50);
  say('ending', temporaryFiles());
  end(how);
}

void main();
