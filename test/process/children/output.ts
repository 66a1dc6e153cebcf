// output SCENARIO PATH: one run with an output, begun or gone on with.
//   run            writes lines, telling of each that is written
//   good           the same where none fails
//   full           the same on a disk that is full when they are half done, and again when there is room
//   no-room        the same on a disk that is full already, and again when there is room
//   full-at-last   the same on a disk that is full when the output is to be made of them

import { readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { TubeletError } from '#lib/index';
import type { Outcome } from '#lib/output/journal';
import { RunOutput } from '#lib/output/run';

import { contentOf, failure, identity, result } from '../../support/output';
import { argument, delay, say } from './support';

const count = 300;
const path = argument(1);
const filler = join(dirname(path), 'filler');

/** Mostly short lines, some that fail, some of a megabyte. */
function outcomeOf(index: number): Outcome {
  if (index % 7 === 3) return failure;
  return index % 50 === 20
    ? { result: { ...(result as { result: object }).result, labels: ['x'.repeat(1 << 20)] } }
    : result;
}

async function run({ pace = 0, outcome = outcomeOf, atLast = (): void => undefined } = {}): Promise<void> {
  let output: RunOutput | undefined;
  try {
    output = await RunOutput.reserve(path, { resume: true });
    await output.begin(identity);
    say('begun', output.isComplete ? count : output.finishedItems); // killed after its end, it has no lines to count
    for (let index = 0; index < count; index++) {
      const file = `${index}.mp4`;
      if (output.finished(file)) continue;
      await output.write(file, outcome(index));
      say('written', file);
      if (pace > 0 && index % 10 === 0) await delay(pace);
    }
    atLast();
    await output.finish();
    say('finished');
  } catch (error) {
    if (!(error instanceof TubeletError)) throw error;
    say('failed', { code: error.code, message: error.message, cause: (error.cause as Error).message });
  } finally {
    await output?.stop();
  }
}

/** Takes all the room that there is, but for so many times 16 KB. */
function fill(but: number): void {
  for (let count = 0; ; count++) {
    try {
      writeFileSync(`${filler}${count}`, Buffer.alloc(16_384), { flag: 'wx' });
    } catch {
      for (let last = count; last > count - but; last--) unlinkSync(`${filler}${last}`);
      return;
    }
  }
}

function makeRoom(): void {
  const folder = dirname(path);
  for (const name of readdirSync(folder)) if (name.startsWith('filler')) unlinkSync(join(folder, name));
}

async function main(): Promise<void> {
  const short = { outcome: (index: number): Outcome => (index % 7 === 3 ? failure : result) };
  switch (argument(0)) {
    case 'run':
      await run({ pace: 1 });
      return;
    case 'good':
      await run({ outcome: () => result });
      return;
    case 'full':
      fill(4);
      await run(short);
      break;
    case 'no-room':
      fill(0);
      await run(short);
      break;
    case 'full-at-last':
      await run({
        ...short,
        atLast: () => {
          fill(0);
        },
      });
  }
  say(
    'left',
    readdirSync(dirname(path))
      .filter((name) => !name.startsWith('filler'))
      .sort(),
  );
  say('lines', await contentOf(path.endsWith('.jsonl') ? path : `${path}.journal.jsonl`));
  makeRoom();
  await run(short);
  say('output', await contentOf(path));
  say('errors', await contentOf(`${path}.errors.jsonl`));
}

void main();
