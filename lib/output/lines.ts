/**
 * The lines of a file of any size, as a stream.
 *
 * @module
 */
import { type FileHandle, open } from 'node:fs/promises';

const chunk = 256 * 1024; // few enough lines that the event loop gets its turn in between

/** One line. */
export interface Line {
  /** Without the newline. Stays valid. */
  bytes: Buffer;
  /** Where it begins in the file. */
  start: number;
  /** Whether a newline ends it. Only the last line may lack it: a writer was stopped there. */
  whole: boolean;
}

/** The lines of the file, from its beginning; the caller may leave early. Memory depends on the longest line alone. */
export async function* linesOf(path: string): AsyncGenerator<Line, void> {
  const file = await open(path);
  try {
    yield* linesIn(file);
  } finally {
    await file.close();
  }
}

/** The same of a file that is open. */
export async function* linesIn(file: FileHandle): AsyncGenerator<Line, void> {
  let begun: Buffer[] = []; // of a line that goes over the end of a chunk
  let start = 0;
  for (let position = 0; ;) {
    const buffer = Buffer.allocUnsafe(chunk);
    const { bytesRead } = await file.read(buffer, 0, chunk, position);
    if (bytesRead === 0) break;
    const read = buffer.subarray(0, bytesRead);
    let from = 0;
    for (let newline = read.indexOf(10); newline !== -1; newline = read.indexOf(10, from)) {
      const end = read.subarray(from, newline);
      yield { bytes: begun.length === 0 ? end : Buffer.concat([...begun, end]), start, whole: true };
      begun = [];
      from = newline + 1;
      start = position + from;
    }
    if (from < bytesRead) begun.push(read.subarray(from));
    position += bytesRead;
  }
  if (begun.length > 0) yield { bytes: Buffer.concat(begun), start, whole: false };
}
