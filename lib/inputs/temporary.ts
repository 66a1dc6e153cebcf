/**
 * A file for bytes that cannot be sought in, gone with the process, however that ends.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import { close, openSync, unlinkSync, write } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { TubeletError, messageOf } from '../base/errors';

/**
 * A file without a name. It is unlinked as soon as it is open, so that nothing is left of it when the descriptor is
 * closed: by {@link TemporaryFile.close}, or by the system when the process ends or is killed.
 */
export class TemporaryFile {
  private readonly descriptor: number;
  private lastWrite: Promise<void> = Promise.resolve();

  /**
   * @param what - What is copied, for messages.
   * @throws TubeletError WRITE_FAILED
   */
  constructor(private readonly what: string) {
    const name = join(tmpdir(), `tubelet-${randomUUID()}`);
    try {
      // Both at once: between two turns of the event loop the process may end, and the file would stay.
      this.descriptor = openSync(name, 'wx+', 0o600);
      unlinkSync(name);
    } catch (error) {
      throw this.failure(error);
    }
  }

  /** The name under which this process can open it, while it is not closed. */
  get path(): string {
    return `/proc/self/fd/${this.descriptor}`;
  }

  /**
   * Appends bytes, which must not change before that is done. One call at a time.
   *
   * @throws TubeletError WRITE_FAILED
   */
  append(bytes: Uint8Array): Promise<void> {
    this.lastWrite = this.writeAll(bytes);
    return this.lastWrite;
  }

  private async writeAll(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) done += await this.writeSome(bytes.subarray(done));
  }

  private writeSome(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      write(this.descriptor, bytes, (error, written) => {
        if (error === null) resolve(written);
        else reject(this.failure(error));
      });
    });
  }

  /** Gives the space back, when nothing is being written any more. */
  async close(): Promise<void> {
    await this.lastWrite.catch(() => undefined);
    await new Promise<void>((resolve) => {
      close(this.descriptor, () => {
        resolve(); // nothing is lost that anybody would miss
      });
    });
  }

  private failure(error: unknown): TubeletError {
    const reason = messageOf(error);
    return new TubeletError(
      'WRITE_FAILED',
      `Cannot copy ${this.what} to a temporary file in ${tmpdir()}: ${reason}. ` +
        'Make room there, name another folder with the environment variable TMPDIR, make fewer calls at a time, or give ' +
        'the path of a file',
      { cause: error },
    );
  }
}
