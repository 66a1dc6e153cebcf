/**
 * Bytes in any of the objects that hold them.
 *
 * @module
 */
import { isAnyArrayBuffer } from 'node:util/types';

import { TubeletError, isError } from '../base/errors';
import { describe, invalid } from '../base/rules';

/** Memory that holds bytes. */
export type Bytes = ArrayBufferView | ArrayBuffer | SharedArrayBuffer;

/** Whether this is memory, from whatever realm. */
export function isBytes(value: unknown): value is Bytes {
  return ArrayBuffer.isView(value) || isAnyArrayBuffer(value);
}

/**
 * The same memory as bytes.
 *
 * @param what - For messages.
 * @throws TubeletError INVALID_ARGUMENT when it was given away, as by `postMessage`.
 */
export function viewBytes(what: string, value: Bytes): Uint8Array {
  try {
    return ArrayBuffer.isView(value)
      ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
      : new Uint8Array(value);
  } catch {
    throw invalid(`${what}: ${describe(value)} has no memory any more: it was transferred or shrunk`);
  }
}

/** Makes room for bytes, and says what to do where there is none. */
export function reserveBytes(length: number, make: () => Uint8Array): Uint8Array {
  try {
    return make();
  } catch (error) {
    if (!isError(error) || error.name !== 'RangeError') throw error;
    throw new TubeletError('OUT_OF_MEMORY', `There is no memory for a copy of ${length} bytes. Give a file instead`, {
      cause: error,
    });
  }
}

/** A private copy, so that the caller may change the original at once; of shared memory too. */
export function copyBytes(what: string, value: Bytes): Uint8Array {
  const view = viewBytes(what, value);
  return reserveBytes(view.length, () => view.slice());
}
