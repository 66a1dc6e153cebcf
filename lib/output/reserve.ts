/**
 * Before a run begins: is its output's name free, or that of a run that can be resumed?
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
import { type Counts, type RunIdentity, identityPath, readRun } from './identity';

/** Where the lines of an output's failures are. */
export function errorsPath(output: string): string {
  return `${output}.errors.jsonl`;
}

/** Where the lines of a run are: the output itself, or what a table is made of. */
export function journalPath(output: string): string {
  return formatOf(output, 'embed') === 'jsonl' ? output : `${output}.journal.jsonl`; // embed has all formats
}

/** Whether to resume the run that wrote an output; with `retry` what failed in it is done again. */
export type Resume = boolean | 'retry';

/** An output that is kept for one run. */
export interface Reservation {
  output: string;
  /** The lines: the output itself, or what it will be made of. */
  journal: string;
  /** The lines of files that failed. */
  errors: string;
  format: Format;
  lock: Lock;
  /** What the run that is resumed was; `undefined` when there is none. */
  earlier: RunIdentity | undefined;
  /** What that run came to, when it came to its end and there are no lines any more, only the output. */
  complete: Counts | undefined;
}

/**
 * Takes the output's lock and looks for whatever would be in the way.
 *
 * @throws TubeletError INVALID_ARGUMENT, OUTPUT_LOCKED, WRITE_FAILED
 */
export async function reserve(output: string, resume: Resume): Promise<Reservation> {
  const format = formatOf(output, 'embed'); // of the two commands the one that has all formats
  await requireFolder(output);
  const lock = await lockOf(output);
  try {
    const journal = journalPath(output);
    const errors = errorsPath(output);
    return { output, format, journal, errors, lock, ...(await stateOf(output, journal, resume)) };
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
 * @throws TubeletError OUTPUT_LOCKED: another run has it. WRITE_FAILED
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
  resume: Resume,
): Promise<Pick<Reservation, 'earlier' | 'complete'>> {
  const hasOutput = await isFile(output);
  const hasJournal = journal === output ? hasOutput : await isFile(journal);
  if (!hasOutput && !hasJournal) return { earlier: undefined, complete: undefined };
  const found = hasOutput ? output : journal;
  if (resume === false) {
    throw new TubeletError(
      'INVALID_ARGUMENT',
      `${found} is there already: add --resume to go on, or name another file`,
    );
  }
  const run = await readRun(output);
  if (run === undefined) {
    throw new TubeletError(
      'INVALID_ARGUMENT',
      `Cannot resume ${found}: ${identityPath(output)}, which says what made it, is not there. Name another file`,
    );
  }
  if (hasJournal) return { earlier: run.identity, complete: undefined };
  const complete = run.counts ?? { items: 0, failed: 0 };
  if (resume === 'retry' && complete.failed > 0) throw noJournal(output, journal);
  return { earlier: run.identity, complete };
}

function noJournal(output: string, journal: string): TubeletError {
  return new TubeletError(
    'INVALID_ARGUMENT',
    `Cannot try the failures of ${output} again: ${journal}, which it would be made of, is not there. Name the files of ` +
      `${errorsPath(output)} for another output`,
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
