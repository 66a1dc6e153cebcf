/**
 * Outputs of several runs as one: those of shards, above all.
 *
 * @module
 */
import { realpath, unlink } from 'node:fs/promises';

import { TubeletError, asReadFailure } from '../errors';
import { kindOf } from '../files';
import { throwIfAborted } from '../task';
import { writeLines, writeOutput } from './convert';
import { asWriteFailure } from './failure';
import { formatOf } from './formats';
import { type RunIdentity, differences, identityPath, isFinished, readIdentity, writeIdentity } from './identity';
import { type Item, itemsOf } from './items';
import { lockOf, pathsOf } from './reserve';

/** What was merged. */
export interface MergeSummary {
  output: string;
  parts: number;
  /** Files, those that failed among them. */
  items: number;
  /** Failures by code. */
  failures: Record<string, number>;
}

/**
 * Joins the `.jsonl` outputs of finished runs that asked for the same of the same checkpoint, in the order of the parts.
 * A file that failed in one part and has a result in another counts by its result.
 *
 * @param output - Where to write, in any format; nothing may be there yet. It appears whole or not at all.
 * @throws TubeletError INVALID_ARGUMENT: parts that are no such outputs, differ, or both have a result of one file; an
 *   output that is there. OUTPUT_LOCKED, READ_FAILED, WRITE_FAILED.
 */
export async function merge(parts: readonly string[], output: string, signal?: AbortSignal): Promise<MergeSummary> {
  const identity = await commonIdentity(parts);
  formatOf(output, identity.command);
  const lock = await lockOf(output);
  try {
    await requireAbsent(output);
    const winners = await findWinners(parts, signal);
    await write(() => merged(parts, winners, signal), output, identity, winners);
    return { output, parts: parts.length, ...countOf(winners) };
  } finally {
    await lock.release();
  }
}
