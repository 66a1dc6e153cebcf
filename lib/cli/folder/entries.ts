/**
 * All videos that a command line names: files, folders, patterns, a list, addresses.
 *
 * @module
 */
import type { Readable } from 'node:stream';

import { TubeletError } from '../../errors';
import type { EncodedVideo } from '../../inputs/kinds';
import type { Video } from '../videos';
import { type Shard } from './shard';

/** A video, or what became of a name that leads to none. */
export type Entry = { name: string; video: EncodedVideo; error?: undefined } | { name: string; error: TubeletError };

/** What is named, but for files, folders and patterns. */
export interface FindOptions {
  /** `--files-from`: a file with names, or `-` for standard input. After the names. */
  list?: string | undefined;
  /** `--url`, as `videosOf([], values)` makes them. At the end. */
  addresses?: readonly Video[] | undefined;
  /** Only what belongs to it. */
  shard?: Shard | undefined;
  /** Ends it, also while a list is waited for: there are no more entries then. */
  signal?: AbortSignal | undefined;
  /** What `-` is. Default: `process.stdin`. */
  stdin?: Readable | undefined;
}

/**
 * Everything that was named, in a stable order, read no further ahead than asked for. What is wrong with a file, a folder
 * or a pattern is an entry. A list that cannot be read to its end rejects: nobody knows then what it would have named.
 *
 * Results and what belongs to them may lie in a folder that is walked: they are no videos, neither by name nor by content.
 *
 * @throws UsageError: standard input is named more than once.
 */
export function entriesOf(names: readonly string[], options: FindOptions = {}): AsyncIterable<Entry> {
  throw new TubeletError('INTERNAL', `Not yet: ${names.join()} ${JSON.stringify(options)}`);
}
