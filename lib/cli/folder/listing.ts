/**
 * What is in a folder, in order, however much it is.
 *
 * @module
 */
import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';

import { type RawPath, bytesOf, rawBytes } from './paths';

/** The names in a folder: those of folders end in `/`, so that the paths of a tree come in the order of their bytes. */
export interface Listing {
  names: Iterator<RawPath, undefined>;
  /** Why there may be more than was read. */
  failure?: unknown;
}

/** Names are sorted in portions of so many: each takes a few milliseconds, and the event loop has its turn in between. */
const portion = 4096;
const readAtOnce = 512;

/** Reads a folder (an empty path is the working directory); files, folders and links, nothing else. Never rejects. */
export async function list(folder: RawPath): Promise<Listing> {
  const portions: RawPath[][] = [];
  let names: RawPath[] = [];
  const finish = (): void => {
    portions.push(names.sort());
    names = [];
  };
  let failure: unknown;
  try {
    const encoding = 'buffer' as BufferEncoding; // which Node takes here as elsewhere; its types know nothing of it
    for await (const item of await opendir(folder === '' ? '.' : bytesOf(folder), {
      encoding,
      bufferSize: readAtOnce,
    })) {
      const { name } = item as unknown as Dirent<Buffer>;
      if (item.isDirectory()) names.push(`${rawBytes(name)}/` as RawPath);
      else if (item.isFile() || item.isSymbolicLink()) names.push(rawBytes(name));
      if (names.length === portion) finish();
    }
  } catch (error) {
    failure = error;
  }
  finish();
  return { names: merged(portions), failure };
}

/** Sorted portions as one, put together while it is read. */
function* merged(portions: readonly RawPath[][]): Generator<RawPath, undefined> {
  if (portions.length === 1) {
    for (const name of portions[0] ?? []) yield name;
    return;
  }
  const middle = portions.length >> 1;
  const left = merged(portions.slice(0, middle));
  const right = merged(portions.slice(middle));
  let [a, b] = [left.next(), right.next()];
  while (a.done !== true && b.done !== true) {
    if (a.value < b.value) {
      yield a.value;
      a = left.next();
    } else {
      yield b.value;
      b = right.next();
    }
  }
  for (; a.done !== true; a = left.next()) yield a.value;
  for (; b.done !== true; b = right.next()) yield b.value;
}
