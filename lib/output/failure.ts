/**
 * Why an output cannot be written, and what to do.
 *
 * @module
 */
import { TubeletError, isSystemError, systemReason } from '../base/errors';

const noRoom = 'Make room there, then run again with --resume: what was written so far is kept';

const advice: Record<string, string> = {
  ENOSPC: noRoom,
  EDQUOT: noRoom,
  EFBIG: 'Raise the limit (ulimit -f) or move the files of the run to another disk, then run again with --resume',
  EACCES: 'Name another folder, or allow this one to be written to',
  EPERM: 'Name another folder, or allow this one to be written to',
  EROFS: 'The disk can only be read: name a folder on another one',
  ENOENT: 'The folder must be there',
  ENOTDIR: 'The folder must be there',
  ENAMETOOLONG: 'Choose a shorter name: the names of what belongs to the run are made of it',
};

/**
 * A failure of Node's file functions as WRITE_FAILED, with the system's reason; other errors come back as they are.
 *
 * @param hint - What to do; default: as the reason suggests, for a run that can be resumed.
 */
export function asWriteFailure(error: unknown, path: string, hint?: string): unknown {
  if (!isSystemError(error)) return error;
  const usual = advice[String(error.code)] ?? 'Run again with --resume when the disk works again';
  const reason = systemReason(error);
  return new TubeletError('WRITE_FAILED', `Cannot write ${path}: ${reason}. ${hint ?? usual}`, { cause: error });
}

/** That a file which is being written to is not, or not alone, at its place any more. */
export function lostFile(path: string): TubeletError {
  return new TubeletError(
    'WRITE_FAILED',
    `${path} was removed, replaced or changed by something else while the run wrote to it. ` +
      'Put it back and run again with --resume, or start over',
  );
}

/** That the run was stopped for so long that another one thought it dead, or that something removed its lock. */
export function lostLock(output: string): TubeletError {
  return new TubeletError(
    'WRITE_FAILED',
    `${output} is not this run's alone any more: its lock, ${output}.lock, was taken over or removed. ` +
      'Make sure that no other run writes to it, then run again with --resume',
  );
}
