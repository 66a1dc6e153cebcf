/**
 * An output from the lines of its journal, in the format that its name asks for.
 *
 * @module
 */
import { TubeletError } from '../errors';
import { Appender } from './appender';
import { writeWhole } from './atomic';
import { writeCsv } from './csv';
import { formatOf } from './formats';
import type { RunIdentity } from './identity';
import { type Item, itemsOf } from './items';
import { rowListPath, writeNpy } from './npy';
import { writeParquet } from './parquet';
import { type Row, rowsOf } from './rows';

/**
 * Makes the output from its journal; what was there under its name is replaced when all is written.
 *
 * @throws TubeletError READ_FAILED: a line that a run does not write, by its number. WRITE_FAILED. INVALID_ARGUMENT:
 *   vectors of different shapes, for a format that has one for all.
 */
export async function convert(journal: string, output: string, identity: RunIdentity): Promise<void> {
  await writeOutput(() => itemsOf(journal), output, identity);
}

/**
 * The same of items from elsewhere.
 *
 * @param items - May be called more than once, and left early. An error of its own comes back as it is.
 */
export async function writeOutput(
  items: () => AsyncIterable<Item>,
  output: string,
  identity: RunIdentity,
): Promise<void> {
  const rows = (): AsyncIterable<Row> => rowsOf(items());
  try {
    switch (formatOf(output, identity.command)) {
      case 'jsonl':
        await writeLines(items(), output);
        break;
      case 'csv':
        await writeWhole(output, (file) => writeCsv(rows, file));
        break;
      case 'parquet':
        await writeWhole(output, (file) => writeParquet(rows(), file, identity));
        break;
      case 'npy': // the list gets its name first: an array is never without
        await writeWhole(output, (array) => writeWhole(rowListPath(output), (list) => writeNpy(rows(), array, list)));
    }
  } catch (error) {
    throw asWriteFailure(error, output);
  }
}

/** Writes the lines of items as they are. */
export async function writeLines(items: AsyncIterable<Item>, output: string): Promise<void> {
  await writeWhole(output, async (file) => {
    const out = new Appender(file);
    for await (const { bytes } of items) await out.append(Buffer.concat([bytes, newline]));
    await out.flush();
  });
}

const newline = Buffer.from('\n');

/** A failure of Node's file functions as WRITE_FAILED; other errors come back as they are. */
export function asWriteFailure(error: unknown, path: string): unknown {
  if (!(error instanceof Error && 'syscall' in error)) return error;
  return new TubeletError('WRITE_FAILED', `Cannot write ${path}: ${error.message}`, { cause: error });
}
