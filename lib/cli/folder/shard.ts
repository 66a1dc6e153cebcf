/**
 * `--shard i/n`: a part of the work, the same one in every process and on every machine.
 *
 * @module
 */
import { createHash } from 'node:crypto';

import { UsageError } from '../base/arguments';

/** The `index`-th of `count` parts, from 1. */
export interface Shard {
  index: number;
  count: number;
}

const most = 100_000;

/**
 * Reads `i/n`, or nothing.
 *
 * @throws UsageError
 */
export function shardOf(text: string | undefined): Shard | undefined {
  if (text === undefined) return undefined;
  const [index, count] = /^(\d{1,6})\/(\d{1,6})$/.exec(text)?.slice(1).map(Number) ?? [];
  if (index === undefined || count === undefined || count > most || index < 1 || index > count) {
    throw new UsageError(`--shard takes i/n with i from 1 to n and n up to ${most}, such as 2/8, not '${text}'`);
  }
  return { index, count };
}

/** Whether a name, as it is printed, belongs to a shard: by the first four bytes of its SHA-256. */
export function inShard(name: string, { index, count }: Shard): boolean {
  return createHash('sha256').update(name).digest().readUInt32BE(0) % count === index - 1;
}
