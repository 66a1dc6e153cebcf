/**
 * What a run that was stopped has left, brought in order.
 *
 * @module
 */
import { type FileHandle, unlink } from 'node:fs/promises';

import { isSystemError } from '../base/errors';
import { writeWhole } from './atomic';
import { type Entry, entryOf } from './journal';
import { linesOf } from './lines';

/** What a journal says. */
export interface History {
  /** Files that are finished. */
  names: Set<string>;
  /** How many of them failed. */
  failures: number;
  /** Bytes of the journal that count. Behind them is at most the line at which the run was stopped. */
  size: number;
}

/**
 * Reads a journal, and makes the file of its failures anew, since a run may have been killed between the two. Nothing
 * that is half there counts; such lines amid others, which a power failure may leave, are removed.
 *
 * @throws TubeletError INVALID_ARGUMENT: a line is none of a run. The signal's reason.
 */
export async function recover(journal: string, errors: string, signal?: AbortSignal): Promise<History> {
  const { history, isDamaged } = await writeWhole(errors, (file) => read(journal, file, signal));
  if (history.failures === 0) await removed(errors);
  return isDamaged ? { ...history, size: await removeDamaged(journal) } : history;
}

async function read(
  journal: string,
  errors: FileHandle,
  signal: AbortSignal | undefined,
): Promise<{ history: History; isDamaged: boolean }> {
  const history: History = { names: new Set(), failures: 0, size: 0 };
  let isDamaged = false;
  for await (const line of linesOf(journal)) {
    signal?.throwIfAborted();
    const entry = entryOf(line, journal);
    if (entry === undefined) continue;
    if (line.start > history.size) isDamaged = true;
    history.size = line.start + line.bytes.length + 1;
    if (history.names.has(entry.file)) continue;
    history.names.add(entry.file);
    if (!entry.failed) continue;
    history.failures++;
    await errors.appendFile(withNewline(line.bytes));
  }
  return { history, isDamaged };
}

/** Takes the lines of failures out of a journal, so that their files are not finished any more. */
export async function forgetFailures(journal: string, signal?: AbortSignal): Promise<void> {
  await keepLines(journal, (entry) => entry?.failed === false, signal);
}

/** @returns The bytes that are left. */
function removeDamaged(journal: string): Promise<number> {
  return keepLines(journal, (entry) => entry !== undefined);
}

/** @returns The bytes that are left. */
function keepLines(
  journal: string,
  wanted: (entry: Entry | undefined) => boolean,
  signal?: AbortSignal,
): Promise<number> {
  return writeWhole(journal, async (file) => {
    let size = 0;
    for await (const line of linesOf(journal)) {
      signal?.throwIfAborted();
      if (!wanted(entryOf(line, journal))) continue;
      await file.appendFile(withNewline(line.bytes));
      size += line.bytes.length + 1;
    }
    return size;
  });
}

function withNewline(line: Buffer): Buffer {
  return Buffer.concat([line, Buffer.from('\n')]);
}

/** Removes a file that may be there. */
export async function removed(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (!isSystemError(error, 'ENOENT')) throw error;
  });
}
