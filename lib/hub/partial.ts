/**
 * A file on its way into the cache.
 *
 * It has a name of its own, which no other process writes to or renames, so that what is verified is what is published,
 * whatever others do at the same time. What an interrupted download left is taken over by renaming it, which only one
 * can do. Were its writer still alive, it would write the same bytes to the same places.
 *
 * @module
 */
import { type Hash, randomUUID } from 'node:crypto';
import { type FileHandle, constants, mkdir, open, readdir, rename, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';

import { throwIfAborted } from '../base/abort';
import type { RemoteFile } from './client';
import { digestFor } from './digest';

const chunk = 1 << 20;

/** The bytes of a file from its beginning, as far as they have arrived, and their hash. */
export class PartialFile {
  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    private readonly remote: RemoteFile,
    private digest: Hash,
    /** Bytes that are there. */
    public size: number,
  ) {}

  /** Continues what was left of this file, or begins. */
  static async open(folder: string, remote: RemoteFile, signal?: AbortSignal): Promise<PartialFile> {
    const { etag } = remote;
    await mkdir(folder, { recursive: true });
    const path = join(folder, `${etag}.tubelet-${randomUUID()}.incomplete`);
    for (const name of await readdir(folder)) {
      if (name.startsWith(`${etag}.tubelet-`)) await rename(join(folder, name), path).catch(() => undefined);
    }
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT);
    try {
      const partial = new PartialFile(path, handle, remote, digestFor(etag, remote.size), 0);
      await partial.hashWhatIsThere(signal);
      return partial;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  private async hashWhatIsThere(signal?: AbortSignal): Promise<void> {
    const buffer = Buffer.allocUnsafe(chunk);
    for (;;) {
      throwIfAborted(signal);
      const { bytesRead } = await this.handle.read(buffer, 0, chunk, this.size);
      if (bytesRead === 0) break;
      this.digest.update(buffer.subarray(0, bytesRead));
      this.size += bytesRead;
    }
    if (this.size > this.remote.size) await this.restart();
  }

  /** Whether there is room for the rest. */
  async hasRoom(): Promise<boolean> {
    const { bavail, bsize } = await statfs(this.path);
    return bavail * bsize >= this.remote.size - this.size;
  }

  async append(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await this.handle.write(bytes, done, bytes.length - done, this.size + done);
      done += bytesWritten;
    }
    this.digest.update(bytes);
    this.size += bytes.length;
  }

  /** Throws away what is there. */
  async restart(): Promise<void> {
    await this.handle.truncate(0);
    this.digest = digestFor(this.remote.etag, this.remote.size);
    this.size = 0;
  }

  /** Whether all is there and what the hub says it is; after that, nothing may be appended. */
  isRight(): boolean {
    return this.size === this.remote.size && this.digest.digest('hex') === this.remote.etag;
  }

  /** Gives the file its name in the cache. What the disk has not yet taken would be lost in a power failure. */
  async publish(path: string): Promise<void> {
    await this.handle.sync();
    await rename(this.path, path);
  }

  /** Ends the work on it; what is there is kept for the next time. */
  async close(): Promise<void> {
    await this.handle.close();
  }

  /** Leaves nothing behind. */
  async discard(): Promise<void> {
    await unlink(this.path).catch(() => undefined);
  }
}
