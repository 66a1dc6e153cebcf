/**
 * Results as lines of JSON.
 *
 * @module
 */
import { isFloat32Array } from 'node:util/types';

/** One line for one file. Typed arrays become plain ones. */
export function jsonLine(file: string, result: object): string {
  return JSON.stringify({ file, ...result }, (_key, value: unknown) =>
    isFloat32Array(value) ? Array.from(value) : value,
  );
}
