import assert from 'node:assert/strict';

import { TubeletError, type TubeletErrorCode } from '#lib/index';

/** Waits for a TubeletError with this code whose message matches, and gives it back. */
export async function rejectsWith(
  work: Promise<unknown>,
  code: TubeletErrorCode,
  message: RegExp,
): Promise<TubeletError> {
  try {
    await work;
  } catch (error) {
    return isTubeletError(error, code, message);
  }
  return assert.fail(`resolved instead of rejecting with ${code}`);
}

/** The same for a function that throws. */
export function throwsWith(work: () => unknown, code: TubeletErrorCode, message: RegExp): TubeletError {
  try {
    work();
  } catch (error) {
    return isTubeletError(error, code, message);
  }
  return assert.fail(`returned instead of throwing ${code}`);
}

function isTubeletError(error: unknown, code: TubeletErrorCode, message: RegExp): TubeletError {
  if (!(error instanceof TubeletError)) throw error;
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  return error;
}
