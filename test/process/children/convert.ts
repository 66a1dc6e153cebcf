// Makes an output of six million numbers, which as JavaScript's own take 48 MB, and counts the event loop's turns.
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { jsonLine } from '#lib/results/json-line';
import { convert } from '#lib/output/convert';

import { embedding, runIdentity } from '../../support/journal';
import { argument, say } from './support';

const rows = 3_000;
const width = 2_000;

async function main(): Promise<void> {
  const folder = argument(0);
  const journal = join(folder, 'many.jsonl');
  const line = `${jsonLine('clip.mp4', embedding(new Float32Array(width).fill(1)))}\n`;
  await pipeline(Readable.from(Array.from({ length: rows }, () => line)), createWriteStream(journal));

  let turns = 0;
  const count = (): void => {
    turns += 1;
    next = setImmediate(count);
  };
  let next = setImmediate(count);
  await convert(journal, join(folder, `many.${argument(1)}`), runIdentity());
  clearImmediate(next);
  say('turns', turns);
}

void main();
