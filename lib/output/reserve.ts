/**
 * Before a run begins: is its output's name free, or that of a run that can be gone on with?
 *
 * @module
 */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import { TubeletError } from '../base/errors';
import { kindOf } from '../base/files';
import { Lock, holderOf } from '../base/lock';
import { asWriteFailure } from './failure';
import { type Format, formatOf } from './formats';
import { type RunIdentity, identityPath, readIdentity } from './identity';

/** The files of a run beside its output. */
export interface RunPaths {
  /** The lines: the output itself, or what it will be made of. */
  journal: string;
  /** The lines of files that failed. */
  errors: string;
}

/** Where the lines of an output's failures are. */
export function errorsPath(output: string): string {
  return `${output}.errors.jsonl`;
}

/** Where the files of a run are. */
export function pathsOf(output: string, format: Format): RunPaths {
  return {
    journal: format === 'jsonl' ? output : `${output}.journal.jsonl`,
    errors: errorsPath(output),
  };
}

/** An output that is kept for one run. */
export interface Reservation extends RunPaths {
  output: string;
  format: Format;
  lock: Lock;
  /** What the run that is gone on with was; `undefined` when there is none. */
  earlier: RunIdentity | undefined;
  /** Whether that run came to its end, so that there are no lines any more, only the output. */
  isComplete: boolean;
}

/**
 * Takes the output's lock and looks for whatever would be in the way.
 *
 * @throws TubeletError INVALID_ARGUMENT, OUTPUT_LOCKED, WRITE_FAILED
 */
export async function reserve(output: string, resume: boolean): Promise<Reservation> {
  const format = formatOf(output, 'embed'); // of the two commands the one that has all formats
  await requireFolder(output);
  const lock = await lockOf(output);
  try {
    const paths = pathsOf(output, format);
    return { output, format, ...paths, lock, ...(await stateOf(output, paths.journal, resume)) };
  } catch (error) {
    await lock.release().catch(() => undefined);
    throw error;
  }
}

async function requireFolder(output: string): Promise<void> {
  const folder = dirname(output);
  try {
    if ((await stat(folder)).isDirectory()) return;
  } catch (error) {
    throw asWriteFailure(error, output);
  }
  throw new TubeletError('WRITE_FAILED', `Cannot write ${output}: ${folder} is not a folder`);
}

/**
 * Takes the lock of an output, `<output>.lock`.
 *
 * @throws TubeletError OUTPUT_LOCKED: somebody has it. WRITE_FAILED
 */
export async function lockOf(output: string): Promise<Lock> {
  const path = `${output}.lock`;
  let lock: Lock | undefined;
  try {
    lock = await Lock.tryAcquire(path);
  } catch (error) {
    throw asWriteFailure(error, output);
  }
  if (lock !== undefined) return lock;
  const holder = await holderOf(path).catch(() => undefined);
  const who = holder === undefined ? 'another run' : `process ${holder.process} on ${holder.host}`;
  throw new TubeletError('OUTPUT_LOCKED', `${output} is being written by ${who}. Wait for it, or name another file`);
}

async function stateOf(
  output: string,
  journal: string,
  resume: boolean,
): Promise<Pick<Reservation, 'earlier' | 'isComplete'>> {
  const hasOutput = await isFile(output);
  const hasJournal = journal === output ? hasOutput : await isFile(journal);
  if (!hasOutput && !hasJournal) return { earlier: undefined, isComplete: false };
  const found = hasOutput ? output : journal;
  if (!resume) {
    throw new TubeletError(
      'INVALID_ARGUMENT',
      `${found} is there already: add --resume to go on, or name another file`,
    );
  }
  const earlier = await readIdentity(output);
  if (earlier !== undefined) return { earlier, isComplete: !hasJournal };
  throw new TubeletError(
    'INVALID_ARGUMENT',
    `Cannot go on with ${found}: ${identityPath(output)}, which says what made it, is not there. Name another file`,
  );
}

/** Whether there is a file. */
async function isFile(path: string): Promise<boolean> {
  const kind = await kindOf(path);
  if (kind === undefined || kind === 'file') return kind === 'file';
  throw new TubeletError(
    'INVALID_ARGUMENT',
    `${path} must be a file, and is ${kind === 'folder' ? 'a folder' : 'none'}`,
  );
}
