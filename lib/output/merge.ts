/**
 * Outputs of several runs as one: those of shards, above all.
 *
 * @module
 */
import { unlink } from 'node:fs/promises';

import { throwIfAborted } from '../base/abort';
import { TubeletError } from '../base/errors';
import { kindOf } from '../base/files';
import { writeLines, writeOutput } from './convert';
import { asWriteFailure } from './failure';
import { formatOf } from './formats';
import { type RunIdentity, differences, identityPath, readRun, writeIdentity } from './identity';
import { type JournalLine, itemOf, journalLines } from './items';
import { type Entry, entryOf } from './journal';
import { errorsPath, journalPath, lockOf } from './reserve';

/** What was merged. */
export interface MergeSummary {
  output: string;
  parts: number;
  /** Files, with those that failed. */
  items: number;
  /** Failures by their codes. */
  failures: Record<string, number>;
}

/**
 * Joins the `.jsonl` outputs of finished runs that asked the same of the same checkpoint, in the order of the parts. A
 * file that failed in one part and has a result in another counts by its result.
 *
 * @param output - Where to write, in any format; nothing may be there yet. It appears whole or not at all.
 * @param signal - Ends the work and removes what was written.
 * @throws TubeletError INVALID_ARGUMENT: parts that are not such outputs, that differ, or of which two have a result of one
 *   file; an output that is there. FILE_NOT_FOUND, OUTPUT_LOCKED, READ_FAILED, WRITE_FAILED.
 */
export async function merge(parts: readonly string[], output: string, signal?: AbortSignal): Promise<MergeSummary> {
  const identity = await commonIdentity(parts);
  formatOf(output, identity.command);
  const [journal, errors] = [journalPath(output), errorsPath(output)];
  const lock = await lockOf(output);
  try {
    for (const path of [output, journal]) await requireAbsent(path);
    const best = await bestParts(parts, signal);
    const lines = (): AsyncGenerator<MergedLine> => mergedLines(parts, best, signal);
    try {
      const { items, failures } = await writeErrors(lines(), errors);
      await writeIdentity(output, identity, { items, failed: Object.values(failures).reduce((sum, n) => sum + n, 0) });
      await writeOutput(lines, output, identity);
      return { output, parts: parts.length, items, failures };
    } catch (error) {
      for (const path of [errors, identityPath(output)]) await unlink(path).catch(() => undefined);
      throw asWriteFailure(error, output, 'The parts are as they were');
    }
  } finally {
    await lock.release().catch(() => undefined);
  }
}

/** The identity of the first part, which all parts agree with. */
async function commonIdentity(parts: readonly string[]): Promise<RunIdentity> {
  const [first, ...others] = await Promise.all(parts.map(async (part) => ({ part, identity: await identityOf(part) })));
  if (first === undefined) throw new TubeletError('INVALID_ARGUMENT', 'There are no parts to merge');
  for (const { part, identity } of others) {
    const found = differences(first.identity, identity);
    if (found.length === 0) continue;
    throw new TubeletError(
      'INVALID_ARGUMENT',
      `${part} was not made as ${first.part} was, and does not belong with it (${found.join('; ')})`,
    );
  }
  return first.identity;
}

async function identityOf(part: string): Promise<RunIdentity> {
  if (!part.endsWith('.jsonl')) {
    throw new TubeletError(
      'INVALID_ARGUMENT',
      `Cannot merge ${part}: a part must be a .jsonl output with its .run.json beside it, since a table does not keep ` +
        'all that a line has. Run each part with --output NAME.jsonl; what they are merged into may be a .csv, ' +
        '.parquet or .npy',
    );
  }
  if ((await kindOf(part)) === undefined) throw new TubeletError('FILE_NOT_FOUND', `There is no file ${part}`);
  const run = await readRun(part);
  if (run === undefined) {
    const remedy = 'copy it together with its lines';
    throw new TubeletError(
      'INVALID_ARGUMENT',
      `Cannot merge ${part}: ${identityPath(part)}, which says what made it, is not there; ${remedy}`,
    );
  }
  if (run.counts === undefined) throw unfinished(part);
  return run.identity;
}

function unfinished(part: string): TubeletError {
  return new TubeletError(
    'INVALID_ARGUMENT',
    `Cannot merge ${part}: its run is still going, or was interrupted. Wait for it, or resume it (--resume)`,
  );
}

async function requireAbsent(path: string): Promise<void> {
  if ((await kindOf(path)) === undefined) return;
  throw new TubeletError('INVALID_ARGUMENT', `${path} is there already: name another file`);
}

/** A file's name to the part that its line is taken from, and whether that is a failure's. */
type BestParts = Map<string, { part: string; failed: boolean }>;

async function bestParts(parts: readonly string[], signal: AbortSignal | undefined): Promise<BestParts> {
  const best: BestParts = new Map();
  for (const part of parts) {
    // The same two for all lines, of which there may be millions.
    const good = { part, failed: false };
    const bad = { part, failed: true };
    for await (const { file, failed } of entriesOf(part, signal)) {
      const before = best.get(file);
      if (before === undefined || (before.failed && !failed)) best.set(file, failed ? bad : good);
      else if (!failed && before.part !== part) throw twice(file, before.part, part);
    }
  }
  return best;
}

function twice(file: string, first: string, second: string): TubeletError {
  return new TubeletError(
    'INVALID_ARGUMENT',
    `${first} and ${second} both have a result of ${file}: they are not shards of one run, or the name stands for two files`,
  );
}

interface MergedLine extends JournalLine {
  failed: boolean;
}

async function* mergedLines(
  parts: readonly string[],
  best: BestParts,
  signal: AbortSignal | undefined,
): AsyncGenerator<MergedLine> {
  for (const part of parts) {
    for await (const { file, failed, line } of entriesOf(part, signal)) {
      const { part: from, failed: asFailure } = best.get(file) ?? {};
      if (from === part && asFailure === failed) yield { ...line, failed };
    }
  }
}

async function* entriesOf(
  part: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Entry & { line: JournalLine }, void> {
  for await (const line of journalLines(part)) {
    throwIfAborted(signal);
    const entry = entryOf(line, part);
    if (entry === undefined) throw unfinished(part);
    yield { ...entry, line };
  }
}

/** Writes the lines of failures, as a run does, and counts. */
async function writeErrors(
  lines: AsyncIterable<MergedLine>,
  errors: string,
): Promise<Pick<MergeSummary, 'items' | 'failures'>> {
  let items = 0;
  const failures: Record<string, number> = {};
  async function* failed(): AsyncGenerator<JournalLine> {
    for await (const line of lines) {
      items += 1;
      if (!line.failed) continue;
      const { outcome } = itemOf(line);
      if ('error' in outcome) failures[outcome.error.code] = (failures[outcome.error.code] ?? 0) + 1;
      yield line;
    }
  }
  await writeLines(failed(), errors);
  if (Object.keys(failures).length === 0) await unlink(errors);
  return { items, failures };
}
