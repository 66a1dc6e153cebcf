import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { ClassifyResult } from '#lib/index';

import { folderOfClips, program } from '../support/folder';
import { seededRandom } from '../support/random';
import { smallModel } from './fixtures';

const clips = 70;
/** And how a run that heard of one ends. */
const signals = [
  ['SIGKILL', 'SIGKILL'],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const;

type Line = Pick<ClassifyResult, 'predictions' | 'timestamps'> & { file: string; error?: { code: string } };

/** What a run has to say of each file; a line that is not whole is none. */
async function linesOf(path: string): Promise<Line[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Line);
}

/** All of a line that does not depend on the moment. */
function lasting({ file, predictions, timestamps, error }: Line): string {
  return JSON.stringify({ file, predictions, timestamps, error });
}

function filesOf(lines: readonly Line[]): string[] {
  return lines.map(({ file }) => file).sort();
}

/**
 * Runs the program on a folder, ends it in one way or another at random moments, goes on until all is done, and begins
 * again until that many moments have been tried. Then every line is there, once, as a run that nobody ended has it.
 *
 * @param folder - An empty one.
 */
export async function survivesKills(folder: string, moments: number, seed: string): Promise<void> {
  await folderOfClips(join(folder, 'clips'), clips);
  await writeFile(join(folder, 'clips', 'bad.mp4'), 'no video');
  const classify = (output: string, ...more: string[]): ChildProcess => {
    const args = ['classify', 'clips', '--model', smallModel, '--quiet', '--output', output, ...more];
    return spawn(program[0], [program[1], ...args], { cwd: folder, stdio: 'ignore' });
  };

  const began = performance.now();
  assert.equal(await endOf(classify('whole.jsonl')), 1);
  const took = performance.now() - began;
  const whole = (await linesOf(join(folder, 'whole.jsonl'))).map(lasting).sort();
  assert.equal(whole.length, clips + 1);

  const output = join(folder, 'killed.jsonl');
  const random = seededRandom(seed);
  let tried = 0;
  let within = 0; // moments between the first line and the last one
  while (tried < moments) {
    let done: Line[] = [];
    for (let over = false; !over;) {
      const child = classify('killed.jsonl', '--resume');
      if (tried < moments) {
        const [signal, expected] = signals[tried % signals.length]!;
        // At any time at all, or after so many more results.
        const wanted = done.length + random() * (clips - done.length);
        const moment = tried % 4 === 1 ? sleep(random() * took) : grown(output, wanted, child);
        const code = await Promise.race([endOf(child), moment]);
        child.kill(signal);
        const end = code ?? (await endOf(child));
        over = end === 1;
        // Before it listens to signals, the process ends as any other.
        assert.ok(over || end === expected || end === signal, `ended with ${end}`);
        if (!over) tried++;
      } else {
        assert.equal(await endOf(child), 1);
        over = true;
      }
      const lines = await linesOf(output);
      const files = filesOf(lines);
      assert.equal(new Set(files).size, files.length, 'a file is there twice');
      assert.deepEqual(lines.slice(0, done.length), done, 'lines of before have changed');
      if (lines.length > done.length && lines.length <= clips) within++;
      done = lines;
    }
    assert.deepEqual(done.map(lasting).sort(), whole);
    assert.deepEqual(filesOf(await linesOf(`${output}.errors.jsonl`)), ['clips/bad.mp4']);
    const left = (await readdir(folder)).filter((name) => name.startsWith('killed'));
    assert.deepEqual(left.sort(), ['killed.jsonl', 'killed.jsonl.errors.jsonl', 'killed.jsonl.run.json']);
    for (const name of left) await rm(join(folder, name));
  }
  assert.ok(within >= moments / 3, `${within} of ${moments} moments were within the results`);
}

async function endOf(child: ChildProcess): Promise<number | string | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode ?? child.signalCode;
}

/** Waits until there are more lines than that, or the process has ended. */
async function grown(output: string, lines: number, child: ChildProcess): Promise<undefined> {
  while (child.exitCode === null && (await linesOf(output)).length <= lines) await sleep(5);
}
