/**
 * Which weights these are: SHA-256 over the bytes of the files.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';

import { throwIfAborted } from '../base/abort';
import { asReadFailure } from '../base/errors';
import { type FileIdentity, requireUnchanged } from '../base/files';

/** Large enough to be quick, small enough that hashing one chunk holds up the event loop by a millisecond or so. */
const chunkBytes = 1024 * 1024;

/** Digests by identity, so that a checkpoint that is loaded again is not hashed again. */
const known = new Map<string, string>();

/**
 * The SHA-256 of a checkpoint's weights, in hex.
 *
 * For one file it is what `sha256sum model.safetensors` prints; for shards, the digest of their digests in the order of
 * their names, which is what `sha256sum model-*.safetensors | sha256sum` prints.
 *
 * @throws TubeletError READ_FAILED: a file cannot be read, or changed while it was.
 */
export async function sha256OfWeights(files: readonly FileIdentity[], signal?: AbortSignal): Promise<string> {
  const [first] = files;
  if (files.length === 1 && first !== undefined) return sha256OfFile(first, signal);

  const byName = new Map(files.map((file) => [basename(file.path), file]));
  const digests = createHash('sha256');
  for (const [name, file] of [...byName].sort(([a], [b]) => (a < b ? -1 : 1))) {
    digests.update(`${await sha256OfFile(file, signal)}  ${name}\n`);
  }
  return digests.digest('hex');
}

async function sha256OfFile(file: FileIdentity, signal?: AbortSignal): Promise<string> {
  const cached = known.get(file.key);
  if (cached !== undefined) return cached;
  const digest = await hash(file, signal);
  known.set(file.key, digest);
  return digest;
}

async function hash(identity: FileIdentity, signal?: AbortSignal): Promise<string> {
  const { path } = identity;
  const hasher = createHash('sha256');
  const chunk = Buffer.allocUnsafe(chunkBytes);
  try {
    const file = await open(path);
    try {
      for (;;) {
        throwIfAborted(signal);
        const { bytesRead } = await file.read(chunk, 0, chunkBytes);
        if (bytesRead === 0) break;
        hasher.update(chunk.subarray(0, bytesRead));
      }
      await requireUnchanged(file, identity);
      return hasher.digest('hex');
    } finally {
      await file.close();
    }
  } catch (error) {
    throw asReadFailure(error, path);
  }
}
