/**
 * A file that is there whole or not at all.
 *
 * It is written beside its name, to `<path>.incomplete`, and gets the name when the disk has taken all of it. What a
 * killed process left is written over by the next one; so that there are never two at once, the caller holds the
 * output's lock.
 *
 * @module
 */
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes or replaces the file at `path`. When `write` throws, or the disk does, what was there before still is.
 *
 * @param write - Writes the content to an open file, which it leaves open, or to the file of the given name.
 * @returns What `write` does.
 */
export async function writeWhole<T>(
  path: string,
  write: (file: FileHandle, temporary: string) => Promise<T>,
): Promise<T> {
  const temporary = `${path}.incomplete`;
  let result: T;
  try {
    const file = await open(temporary, 'w+');
    try {
      result = await write(file, temporary);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
  return result;
}

/** Makes new names and missing ones in a folder outlast a power failure. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
