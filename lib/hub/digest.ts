/**
 * The hash by which the hub names a file's content.
 *
 * @module
 */
import { type Hash, createHash } from 'node:crypto';

/** A hash of bytes to come: sha256 of what git keeps elsewhere (LFS), else git's own hash of a blob. */
export function digestFor(etag: string, size: number): Hash {
  return etag.length === 64 ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
}
