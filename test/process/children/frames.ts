import { createHash } from 'node:crypto';
import { basename } from 'node:path';

import { TubeletError, readFrames } from '#lib/index';

import { say } from './support';

/** Says what the frames of each file come to, damage tolerated. */
async function main(files: string[]): Promise<void> {
  for (const file of files) {
    try {
      const { data } = await readFrames(file, { sampling: 'consecutive', frames: 48, onCorrupt: 'tolerate' });
      say(basename(file), createHash('sha256').update(data).digest('hex'));
    } catch (error) {
      if (!(error instanceof TubeletError)) throw error;
      say(basename(file), error.code);
    }
  }
}

void main(process.argv.slice(2));
