/**
 * Paths as the file system has them: bytes, which need not be UTF-8.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';

import type { Video } from '../base/videos';

/** A path with one character for each of its bytes, so that it sorts as its bytes do and loses nothing. */
export type RawPath = string & { readonly rawPath: never };

/** A path from text. */
export function rawPath(text: string): RawPath {
  return rawBytes(Buffer.from(text));
}

/** A path from bytes. */
export function rawBytes(bytes: Uint8Array): RawPath {
  return Buffer.from(bytes).toString('latin1') as RawPath;
}

/** What Node's file functions take. */
export function bytesOf(path: RawPath): Buffer {
  return Buffer.from(path, 'latin1');
}

/** What lies in a folder, under the folder's own name as it was written. */
export function inFolder(folder: RawPath, name: RawPath): RawPath {
  return (folder === '' || folder.endsWith('/') ? folder + name : `${folder}/${name}`) as RawPath;
}

/** A path for people and for results. Where it is not UTF-8, every byte that is not ASCII becomes `\xHH`. */
export function shownPath(path: RawPath): string {
  const bytes = bytesOf(path);
  if (isUtf8(bytes)) return bytes.toString();
  return path.replace(/[\x80-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`);
}

/** The file at a path. One whose path no string can hold is read by tubelet itself, and only when it is its turn. */
export function videoAt(path: RawPath): Video {
  const bytes = bytesOf(path);
  const name = shownPath(path);
  return { name, video: isUtf8(bytes) ? name : { [Symbol.asyncIterator]: () => streamOf(bytes) } };
}

async function* streamOf(path: Buffer): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path) as AsyncIterable<Uint8Array>;
}
