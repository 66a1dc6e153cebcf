/**
 * Which file this is, whatever name led to it.
 *
 * @module
 */
import { stat } from 'node:fs/promises';

import { TubeletError, asReadFailure, isSystemError } from './errors';

/** A file as it was at one moment. */
export interface FileIdentity {
  path: string;
  /** Equal keys mean the same bytes: device, inode, size and time of the last change. Links share it. */
  key: string;
}

/**
 * The identity of the file at `path`, or `undefined` when nothing is there.
 *
 * @throws TubeletError READ_FAILED
 */
export async function identify(path: string): Promise<FileIdentity | undefined> {
  try {
    const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true });
    return { path, key: [dev, ino, size, mtimeNs].join(':') };
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw asReadFailure(error, path);
  }
}

/**
 * Makes sure that a file that was read is still the one that was meant.
 *
 * @throws TubeletError READ_FAILED
 */
export async function requireUnchanged(file: FileIdentity): Promise<void> {
  if ((await identify(file.path))?.key === file.key) return;
  throw new TubeletError('READ_FAILED', `${file.path} changed while it was read: try again`);
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
