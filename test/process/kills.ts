import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { ClassifyResult } from '#lib/index';

import { folderOfClips, program } from '../support/folder';
import { seededRandom } from '../support/random';
import { smallModel } from './fixtures';

const clips = 70;
const signals = ['SIGKILL', 'SIGINT', 'SIGTERM'] as const;

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
  const classify = async (output: string, ...args: string[]): Promise<() => Promise<number | string | null>> => {
    const line = [
      ...program.slice(1),
      'classify',
      'clips',
      '--model',
      smallModel,
      '--quiet',
      '--output',
      output,
      ...args,
    ];
    const child = spawn(program[0], line, { cwd: folder, stdio: 'ignore' });
    await once(child, 'spawn');
    running = child;
    return async () => {
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      return child.exitCode ?? child.signalCode;
    };
  };
  let running: ReturnType<typeof spawn> | undefined;

  const started = performance.now();
  assert.equal(await (await classify('whole.jsonl'))(), 1);
  const took = performance.now() - started;
  const whole = (await linesOf(join(folder, 'whole.jsonl'))).map(lasting).sort();
  assert.equal(whole.length, clips + 1);

  const random = seededRandom(seed);
  let tried = 0;
  while (tried < moments) {
    const output = join(folder, 'killed.jsonl');
    let done: Line[] = [];
    for (let over = false; !over;) {
      const ended = await classify('killed.jsonl', '--resume');
      if (tried < moments) {
        const timer = setTimeout(() => running?.kill(signals[tried % signals.length]), random() * took);
        const code = await ended();
        clearTimeout(timer);
        over = code === 1;
        const expected = { SIGKILL: 'SIGKILL', SIGINT: 130, SIGTERM: 143 }[signals[tried % signals.length]!];
        // Before it listens to signals, the process ends as any other.
        assert.ok(over || code === expected || code === signals[tried % signals.length], `ended with ${code}`);
        if (!over) tried++;
      } else {
        assert.equal(await ended(), 1);
        over = true;
      }
      const lines = await linesOf(output);
      const files = filesOf(lines);
      assert.equal(new Set(files).size, files.length, 'a file is there twice');
      assert.deepEqual(lines.slice(0, done.length), done, 'lines of before have changed');
      done = lines;
    }
    assert.deepEqual(done.map(lasting).sort(), whole);
    const errors = await linesOf(`${output}.errors.jsonl`);
    assert.deepEqual(filesOf(errors), ['clips/bad.mp4']);
    const left = (await readdir(folder)).filter((name) => name.startsWith('killed'));
    assert.deepEqual(left.sort(), ['killed.jsonl', 'killed.jsonl.errors.jsonl', 'killed.jsonl.run.json']);
    for (const name of left) await rm(join(folder, name));
  }
}
