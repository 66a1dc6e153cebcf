/**
 * Results as lines of JSON.
 *
 * @module
 */

/** One line for one file. Typed arrays become plain ones. */
export function jsonLine(file: string, result: object): string {
  return JSON.stringify({ file, ...result }, (_key, value: unknown) =>
    value instanceof Float32Array ? Array.from(value) : value,
  );
}
