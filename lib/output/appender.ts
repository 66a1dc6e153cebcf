/**
 * Many small pieces for a file, written some at a time.
 *
 * @module
 */
import type { FileHandle } from 'node:fs/promises';

const enough = 256 * 1024;

/** Appends to a file that is open. */
export class Appender {
  private pieces: Buffer[] = [];
  private size = 0;

  constructor(private readonly file: FileHandle) {}

  /** Keeps the piece, or writes it with those before it. Bytes must stay as they are until then. */
  async append(piece: string | Buffer): Promise<void> {
    const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
    this.pieces.push(bytes);
    this.size += bytes.length;
    if (this.size >= enough) await this.flush();
  }

  /** Writes what is left. */
  async flush(): Promise<void> {
    const all = Buffer.concat(this.pieces);
    this.pieces = [];
    this.size = 0;
    await this.file.writeFile(all);
  }
}
