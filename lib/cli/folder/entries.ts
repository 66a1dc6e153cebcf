/**
 * All videos that a command line names: files, folders, patterns, a list, addresses.
 *
 * @module
 */
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';

import { TubeletError, asTubeletError, isSystemError } from '../../base/errors';
import type { EncodedVideo } from '../../inputs/recognise';
import { UsageError } from '../base/arguments';
import type { Video } from '../base/videos';
import { namesIn } from './list';
import { type RawPath, bytesOf, rawPath, shownPath, videoAt } from './paths';
import { patternOf } from './pattern';
import { type Shard, inShard } from './shard';
import { type Found, walk } from './walk';

/** A video, or what became of a name that leads to none. */
export type Entry = { name: string; video: EncodedVideo; error?: undefined } | { name: string; error: TubeletError };

/** What is named, but for files, folders and patterns. */
export interface FindOptions {
  /** `--files-from`: a file with names, or `-` for standard input. After the names. */
  list?: string | undefined;
  /** `--url`, as `videosOf([], values)` makes them. At the end. */
  addresses?: readonly Video[] | undefined;
  /** Only what belongs to it. What is wrong with a folder or a pattern belongs to each: all miss what may be there. */
  shard?: Shard | undefined;
  /** Ends it, also while a list is waited for: there are no more entries then. */
  signal?: AbortSignal | undefined;
  /** What `-` is. Default: `process.stdin`. */
  stdin?: Readable | undefined;
}

/**
 * Everything that was named, in a stable order, read no further ahead than asked for. What is wrong with a file, a folder
 * or a pattern is an entry. A list that cannot be read to its end rejects: what else it names is unknown.
 *
 * Results and what belongs to them may lie in a folder that is walked: they are not videos, by name or by content.
 *
 * @throws UsageError: standard input is named more than once, or an address as a file.
 */
export function entriesOf(names: readonly string[], options: FindOptions = {}): AsyncIterable<Entry> {
  if ([...names, options.list].filter((name) => name === '-').length > 1) {
    throw new UsageError('standard input can be read once only');
  }
  const address = names.find((name) => /^https?:\/\//i.test(name));
  if (address !== undefined) throw new UsageError(`'${address}' is an address: use --url ${address}`);
  return ofShard(all(names, options), options);
}

async function* ofShard(entries: AsyncIterable<Entry>, { shard, signal }: FindOptions): AsyncGenerator<Entry> {
  for await (const entry of entries) {
    if (signal?.aborted === true) return;
    if (shard === undefined || entry.error !== undefined || inShard(entry.name, shard)) yield entry;
  }
}

async function* all(names: readonly string[], options: FindOptions): AsyncGenerator<Entry> {
  const { list, addresses = [], signal } = options;
  const stdin = (): Readable => options.stdin ?? process.stdin; // not touched where nothing names it
  for (const name of names) {
    if (name === '-') yield { name, video: stdin() };
    else yield* named(rawPath(name), signal, true);
  }
  if (list !== undefined) {
    for await (const path of namesIn(list, stdin, signal)) yield* named(path, signal);
  }
  yield* addresses;
}

/** What one name stands for. What is there comes before what the name would mean as a pattern. */
async function* named(path: RawPath, signal?: AbortSignal, mayBePattern = false): AsyncGenerator<Entry> {
  const name = shownPath(path);
  const kind = await kindAt(path);
  try {
    const glob = kind === undefined && mayBePattern ? patternOf(name) : undefined;
    if (kind === 'folder') {
      yield* found(walk(path, undefined, signal), { name, otherwise: 'There is no video in this folder.' });
    } else if (glob !== undefined) {
      const videos = walk(rawPath(glob.folder), glob.pattern, signal);
      yield* found(videos, { name, otherwise: 'No video matches this pattern.' });
    } else {
      yield videoAt(path); // whatever it is: its reading will say what is wrong with it
    }
  } catch (error) {
    yield { name, error: asTubeletError(error) };
  }
}

async function kindAt(path: RawPath): Promise<'folder' | 'other' | undefined> {
  try {
    return (await stat(bytesOf(path))).isDirectory() ? 'folder' : 'other';
  } catch (error) {
    return isSystemError(error, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG') ? undefined : 'other';
  }
}

/** What was found under a name, or else that there is nothing. */
async function* found(
  files: AsyncIterable<Found>,
  { name, otherwise }: { name: string; otherwise: string },
): AsyncGenerator<Entry> {
  let nothing = true;
  for await (const { path, error } of files) {
    nothing = false;
    yield error === undefined ? videoAt(path) : { name: shownPath(path) || name, error };
  }
  if (nothing) yield { name, error: new TubeletError('FILE_NOT_FOUND', otherwise) };
}
