/**
 * Recognises, checks and, where it could change, copies what a caller passes as a video.
 *
 * @module
 */
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { isPromise } from 'node:util/types';

import { TubeletError, messageOf } from '../base/errors';
import { describe, invalid } from '../base/rules';
import { type AnyStream, type ChunkReader, type WebStream, isStream, readChunks, whyUnreadable } from '../base/streams';
import { hasPassword, isWeb, nameOfUrl } from '../base/web';
import type { NativeInput } from '../native/binding';
import { type Bytes, copyBytes, isBytes } from './bytes';
import { type RawFrame, type RawFrames, isFrame, readFrameList, readFramesInput } from './frames';
import { fetchFile } from './http';
import { tooLarge } from './spool';

/**
 * A video in a container. A string is always the path of a file, so that text from a user never becomes a request; an
 * address is a `URL` object with `file:`, `http:` or `https:`. Bytes are copied before the call returns. Blobs, streams
 * of bytes (Node's, the web's, or any async iterable) and what a server sends are copied to a temporary file without a
 * name (in `TMPDIR`), as many bytes as {@link Limits} allows; a stream is read to its end, or destroyed.
 */
export type EncodedVideo =
  | string
  | URL
  | ArrayBufferView
  | ArrayBuffer
  | SharedArrayBuffer
  | Blob
  | Readable
  | WebStream
  | AsyncIterable<Uint8Array>;

/** All that can be classified, embedded or sampled: a video in a container, or frames that were decoded elsewhere. */
export type VideoInput = EncodedVideo | RawFrames | readonly RawFrame[];

/** A checked input: one that native code reads as it is, or a stream, begun by `open`. */
export type Input =
  | { native: NativeInput }
  | { name: string; open: (limit: number, signal: AbortSignal) => ChunkReader | Promise<ChunkReader> };

/**
 * Checks an input. Paths become absolute and bytes are copied at once, so that neither `process.chdir` nor a write to
 * the caller's memory changes anything later.
 *
 * @throws TubeletError INVALID_ARGUMENT; READ_FAILED for a stream that is used up
 */
export function readInput(caller: string, video: unknown): Input {
  if (typeof video === 'string') return { native: pathInput(caller, video) };
  if (isUrl(video)) return urlInput(caller, video);
  if (isBytes(video)) return { native: bytesInput(caller, video) };
  if (isBlob(video)) return blobInput(video);
  if (isStream(video)) return streamInput(video);
  if (isFrame(video)) return { native: readFramesInput(caller, video) };
  if (Array.isArray(video) && video.some(isFrame)) return { native: readFrameList(caller, video as RawFrame[]) };
  throw invalid(
    `${caller}: the video must be the path of a file, a URL object, bytes, a Blob, a stream or raw frames, ` +
      `got ${describe(video)}${hint(video)}`,
  );
}

function pathInput(caller: string, path: string): NativeInput {
  if (path === '') throw invalid(`${caller}: the video must be the path of a file, got an empty string`);
  if (path.includes('\0')) throw invalid(`${caller}: the path ${describe(path)} contains a NUL character`);
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(path)) {
    throw invalid(`${caller}: a string is the path of a file, got ${describe(path)}: for an address pass new URL(...)`);
  }
  const absolute = resolve(path);
  return { kind: 'file', path: absolute, name: `'${absolute}'` };
}

function urlInput(caller: string, url: URL): Input {
  if (url.protocol === 'file:') return { native: pathInput(caller, pathOf(caller, url)) };
  if (!isWeb(url)) {
    throw invalid(`${caller}: a URL must be one with file:, http: or https:, got one with ${url.protocol}`);
  }
  if (hasPassword(url)) {
    throw invalid(`${caller}: the URL holds a user name or password: fetch it yourself and pass the response's body`);
  }
  const address = new URL(url);
  return { name: nameOfUrl(address), open: (limit, signal) => fetchFile(address, limit, signal) };
}

function pathOf(caller: string, url: URL): string {
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw invalid(`${caller}: ${url.href} names no file here: ${messageOf(error)}`);
  }
}

function bytesInput(caller: string, bytes: Bytes): NativeInput {
  return { kind: 'bytes', bytes: copyBytes(`${caller}: the video`, bytes), name: '<bytes>' };
}

function blobInput(blob: Blob): Input {
  const fileName: unknown = 'name' in blob ? blob.name : undefined;
  const name = typeof fileName === 'string' ? `'${fileName}'` : '<Blob>';
  return {
    name,
    open: (limit) => {
      if (blob.size > limit) throw tooLarge(name, blob.size, limit);
      return readChunks(blob.stream());
    },
  };
}

function streamInput(stream: AnyStream): Input {
  const name = '<stream>';
  const why = whyUnreadable(stream);
  if (why !== undefined) throw new TubeletError('READ_FAILED', `Cannot read ${name}: ${why}`);
  return { name, open: () => readChunks(stream) };
}

/** Whether this is an address, of whatever realm. */
export function isUrl(value: unknown): value is URL {
  return tagOf(value) === 'URL';
}

function isBlob(value: unknown): value is Blob {
  return tagOf(value) === 'Blob' || tagOf(value) === 'File';
}

/** What an object says it is, of whatever realm or library. */
function tagOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && Symbol.toStringTag in value
    ? value[Symbol.toStringTag]
    : undefined;
}

function hint(video: unknown): string {
  if (isPromise(video)) return ': is an await missing?';
  if (tagOf(video) === 'Response') return ': pass its body';
  if (Array.isArray(video)) return video.length === 0 ? '' : ': call once for each';
  if (typeof video === 'object' && video !== null && 'createReadStream' in video)
    return ': pass its createReadStream()';
  return '';
}
