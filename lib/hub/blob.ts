/**
 * One file's way into the cache: locked, resumed, verified, and only then under its name.
 *
 * @module
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { throwIfAborted } from '../base/abort';
import { TubeletError, isSystemError } from '../base/errors';
import { Lock } from '../base/lock';
import { discard } from '../base/web';
import { bytesOf } from './body';
import type { RepositoryCache } from './cache';
import type { HubClient, RemoteFile } from './client';
import { PartialFile } from './partial';
import { Retries, TransientFailure } from './retry';

/** How far a file has come. */
export interface DownloadProgress {
  /** The file's name in its repository. */
  file: string;
  /** Bytes that are here, those of an earlier attempt included. */
  received: number;
  /** Bytes that it has. */
  total: number;
}

/** What all files of a download have in common. */
export interface Download {
  client: HubClient;
  cache: RepositoryCache;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
}

/** A connection that brings at least this much makes progress: it may be cut any number of times. */
const realProgress = 1 << 16;

/**
 * Puts a file's content into the cache, unless it is there.
 *
 * @throws TubeletError DOWNLOAD_FAILED, ACCESS_DENIED, MODEL_NOT_FOUND
 */
export async function fetchBlob(file: RemoteFile, download: Download): Promise<void> {
  const { cache, signal } = download;
  const path = join(cache.blobs, file.etag);
  const lock = await Lock.acquire(join(cache.locks, `${file.etag}.tubelet.lock`), signal);
  try {
    if (!(await isWhole(path, file))) await fetchInto(path, file, download);
  } finally {
    await lock.release();
  }
}

/** Blobs are named by their content, so that only a cut one can be wrong. */
async function isWhole(path: string, { size }: RemoteFile): Promise<boolean> {
  try {
    return (await stat(path)).size === size;
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}

async function fetchInto(path: string, file: RemoteFile, download: Download): Promise<void> {
  const partial = await PartialFile.open(download.cache.blobs, file, download.signal);
  try {
    if (!(await partial.hasRoom())) throw noRoom(file);
    const resumed = partial.size > 0;
    await receive(partial, file, download);
    if (!partial.isRight()) {
      // What lay here from before may have rotted; a second copy of the same wrong bytes is the server's.
      if (resumed) await partial.restart();
      if (resumed) await receive(partial, file, download);
      if (!resumed || !partial.isRight()) throw wrong(file);
    }
    await partial.publish(path);
  } catch (error) {
    if (isFinal(error)) await partial.discard();
    throw error;
  } finally {
    await partial.close();
  }
}

/** Asks for what is missing until all is there, however often the connection breaks. */
async function receive(partial: PartialFile, file: RemoteFile, download: Download): Promise<void> {
  const { signal, onProgress } = download;
  const retries = new Retries(`download ${file.name} from ${file.url.host}`, signal);
  const report = (): void => onProgress?.({ file: file.name, received: partial.size, total: file.size });
  report();
  let before = partial.size;
  while (partial.size < file.size) {
    try {
      await receiveSome(partial, file, download, report);
    } catch (error) {
      if (partial.size - before >= realProgress) retries.renew();
      before = partial.size;
      await retries.after(error);
    }
  }
}

/** One request and its answer, as far as it goes. */
async function receiveSome(
  partial: PartialFile,
  file: RemoteFile,
  { client, signal }: Download,
  report: () => void,
): Promise<void> {
  const response = await client.open(file, partial.size);
  if (response.status !== 206) {
    await partial.restart();
  } else if (!isRest(response, partial, file)) {
    discard(response);
    throw wrong(file);
  }
  for await (const bytes of bytesOf(response, signal)) {
    if (partial.size + bytes.length > file.size) throw wrong(file);
    await partial.append(bytes);
    throwIfAborted(signal);
    report();
  }
  if (partial.size < file.size)
    throw new TransientFailure(`the answer ended after ${partial.size} of ${file.size} bytes`);
}

/** Whether a part of a file is the part that was asked for, of that file. */
function isRest({ headers }: Response, { size }: PartialFile, file: RemoteFile): boolean {
  const [, from, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers.get('content-range') ?? '') ?? [];
  return Number(from) === size && Number(total) === file.size;
}

/** Whether what has arrived is of no use, or takes room that is needed. */
function isFinal(error: unknown): boolean {
  return error instanceof WrongBytes || isSystemError(error, 'ENOSPC', 'EDQUOT', 'EFBIG') || error instanceof NoRoom;
}

class WrongBytes extends TubeletError {}

class NoRoom extends TubeletError {}

function wrong({ name, url, etag, size }: RemoteFile): TubeletError {
  return new WrongBytes(
    'DOWNLOAD_FAILED',
    `Cannot download ${name}: what ${url.host} sent is not what the hub describes (${size} bytes with the hash ` +
      `${etag}). Nothing of it was kept. Try again; if it stays so, something on the way changes it`,
  );
}

function noRoom({ name, size }: RemoteFile): TubeletError {
  return new NoRoom('WRITE_FAILED', `There is no room for ${name} (${size} bytes) in the cache`);
}
