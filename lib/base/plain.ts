/**
 * Plain data of another realm.
 *
 * @module
 */
import { isFloat32Array, isUint8Array } from 'node:util/types';

/**
 * A copy of plain data, such as native code returns, as objects of this realm: jest and vitest's vm pools run each test
 * file in a realm of its own, where others fail `instanceof` and strict comparisons. Typed arrays keep their memory.
 * What is neither plain data nor a typed array comes back as it is.
 */
export function plainCopy<T>(value: T): T {
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (Array.isArray(value)) return Array.from(value, copy);
  if (isFloat32Array(value)) return new Float32Array(value.buffer, value.byteOffset, value.length);
  if (isUint8Array(value)) return new Uint8Array(value.buffer, value.byteOffset, value.length);
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, copy(field)]));
}

/** Whether this is an object literal, of whatever realm: nothing stands between it and the end of its prototypes but one. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return typeof prototype === 'object' && prototype !== null && Object.getPrototypeOf(prototype) === null;
}
