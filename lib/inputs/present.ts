/**
 * Whether a video can be opened at all, found out before a model is fetched and loaded for it.
 *
 * @module
 */
import { accessSync, constants, statSync } from 'node:fs';

import { TubeletError, isSystemError, systemReason } from '../base/errors';
import type { NativeInput } from '../native/binding';

/**
 * Refuses a path that leads to no file that can be read, as native code would later. It does not wait, so that calls
 * keep their order.
 *
 * @throws TubeletError FILE_NOT_FOUND, READ_FAILED
 */
export function requirePresent(input: NativeInput): void {
  if (input.kind !== 'file') return;
  const { path, name } = input;
  try {
    const status = statSync(path);
    if (!status.isFile()) {
      const kind = status.isDirectory() ? 'a folder' : 'no regular file';
      throw new TubeletError('READ_FAILED', `${name} is ${kind}. Give a regular file.`);
    }
    accessSync(path, constants.R_OK);
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) {
      const message = `There is no file ${name}. Check the path and the working directory.`;
      throw new TubeletError('FILE_NOT_FOUND', message, { cause: error });
    }
    if (!isSystemError(error)) throw error;
    throw new TubeletError('READ_FAILED', `Cannot open ${name}: ${systemReason(error)}.`, { cause: error });
  }
}
