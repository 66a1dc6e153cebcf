/**
 * A file that lines are added to, whole ones only.
 *
 * @module
 */
import { type FileHandle, constants, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import { isSystemError } from '../base/errors';
import { syncFolder } from './atomic';
import { lostFile } from './failure';

/** One method at a time: whoever has it waits for each. */
export class GrowingFile {
  private dirty = false;

  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    private size: number,
  ) {}

  /** Makes a file that is not there yet. */
  static async create(path: string): Promise<GrowingFile> {
    const file = new GrowingFile(path, await open(path, 'ax'), 0);
    try {
      await syncFolder(dirname(path));
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Continues one that is there; what is behind its first `size` bytes is cut off. */
  static async extend(path: string, size = Infinity): Promise<GrowingFile> {
    const handle = await open(path, constants.O_WRONLY | constants.O_APPEND);
    try {
      const there = (await handle.stat()).size;
      if (there > size) await handle.truncate(size);
      return new GrowingFile(path, handle, Math.min(there, size));
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Adds a line in one piece. When the disk takes only a part of it and then no more, that part is taken back. */
  async append(line: string): Promise<void> {
    const bytes = Buffer.from(`${line}\n`);
    this.dirty = true;
    try {
      for (let done = 0; done < bytes.length;) {
        done += (await this.handle.write(bytes, done, bytes.length - done)).bytesWritten;
      }
    } catch (error) {
      await this.handle.truncate(this.size).catch(() => undefined); // a torn line is cut off by those who go on, too
      throw error;
    }
    this.size += bytes.length;
  }

  /** Makes what was added outlast a power failure, and sees to it that its name still leads to it. */
  async sync(): Promise<void> {
    await this.requireInPlace();
    if (!this.dirty) return;
    await this.handle.datasync();
    this.dirty = false;
  }

  private async requireInPlace(): Promise<void> {
    const here = await this.handle.stat({ bigint: true });
    try {
      const there = await stat(this.path, { bigint: true });
      if (there.dev === here.dev && there.ino === here.ino && here.size === BigInt(this.size)) return;
    } catch (error) {
      if (!isSystemError(error, 'ENOENT', 'ENOTDIR')) throw error;
    }
    throw lostFile(this.path);
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}
