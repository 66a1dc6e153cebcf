/**
 * Which file this is, whatever name led to it.
 *
 * @module
 */
import type { BigIntStats } from 'node:fs';
import { type FileHandle, stat } from 'node:fs/promises';

import { TubeletError, asReadFailure, isSystemError } from './errors';

/** A file as it was at one moment. */
export interface FileIdentity {
  path: string;
  /**
   * Equal keys mean the same bytes: device, inode, size and time of the last change, in milliseconds, as Deno knows no
   * more. Links share it. The native side makes the same of a file that it has opened (binding/model/weights/file.h).
   */
  key: string;
}

/**
 * The identity of the file at `path`, or `undefined` when nothing is there.
 *
 * @throws TubeletError READ_FAILED
 */
export async function identify(path: string): Promise<FileIdentity | undefined> {
  try {
    return { path, key: keyOf(await stat(path, { bigint: true })) };
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw asReadFailure(error, path);
  }
}

/**
 * Makes sure that an open file is the one that was identified, as it was then.
 *
 * @throws TubeletError READ_FAILED
 */
export async function requireUnchanged(handle: FileHandle, { path, key }: FileIdentity): Promise<void> {
  if (keyOf(await handle.stat({ bigint: true })) === key) return;
  throw new TubeletError('READ_FAILED', `${path} changed while it was read: try again`);
}

function keyOf({ dev, ino, size, mtimeMs }: BigIntStats): string {
  return [dev, ino, size, mtimeMs].join(':');
}

/** Whether something is there, and what. */
export async function kindOf(path: string): Promise<'file' | 'folder' | 'other' | undefined> {
  try {
    const status = await stat(path);
    if (status.isDirectory()) return 'folder';
    return status.isFile() ? 'file' : 'other';
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG')) return undefined;
    throw error;
  }
}
