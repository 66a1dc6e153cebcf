/**
 * Vectors as one array for numpy, and beside it a list of which row is which file.
 *
 * @module
 */
import type { FileHandle } from 'node:fs/promises';

import { Appender } from './appender';
import { type GoodRow, type Row, isGood, requireAlike } from './rows';

/** Where the list of an array's rows is. */
export function rowListPath(output: string): string {
  return `${output}.files.jsonl`;
}

/**
 * Writes the array and the list. Rows without a result are in neither.
 *
 * @throws TubeletError INVALID_ARGUMENT: vectors of different shapes.
 */
export async function writeNpy(rows: AsyncIterable<Row>, array: FileHandle, list: FileHandle): Promise<void> {
  const numbers = new Appender(array);
  const names = new Appender(list);
  let first: GoodRow | undefined;
  let count = 0;
  await numbers.append(Buffer.alloc(headerSize));
  for await (const row of rows) {
    if (!isGood(row)) continue;
    requireAlike((first ??= row), row);
    const { start, end, embedding } = row.outcome.found;
    await numbers.append(Buffer.from(Float32Array.from(embedding).buffer));
    await names.append(`${JSON.stringify({ row: count, file: row.file, start, end })}\n`);
    count += 1;
  }
  await numbers.flush();
  await names.flush();
  await array.write(headerOf([count, ...(first?.outcome.found.shape ?? [0])]), 0, headerSize, 0);
}

const headerSize = 128; // a multiple of 64, as numpy wants it; the longest shape of five dimensions fits in

/** Version 1.0: a magic number, the length of what follows, a Python dictionary, spaces, a newline. */
function headerOf(shape: readonly number[]): Buffer {
  const header = Buffer.alloc(headerSize, ' ');
  header.write('\u0093NUMPY\u0001\u0000', 'latin1');
  header.writeUInt16LE(headerSize - 10, 8);
  header.write(`{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`, 10, 'latin1');
  header.write('\n', headerSize - 1, 'latin1');
  return header;
}
