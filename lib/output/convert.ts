/**
 * An output from the lines of its journal, in the format that its name asks for.
 *
 * @module
 */
import { Appender } from './appender';
import { writeWhole } from './atomic';
import { writeCsv } from './csv';
import { asWriteFailure } from './failure';
import { formatOf } from './formats';
import type { RunIdentity } from './identity';
import { type JournalLine, journalLines } from './items';
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
  try {
    await writeOutput(() => journalLines(journal), output, identity);
  } catch (error) {
    throw asWriteFailure(error, output);
  }
}

/**
 * The same of lines from elsewhere. Errors of the disk that is written to come as Node's file functions put them.
 *
 * @param lines - May be called more than once, and left early. An error of its own comes back as it is.
 */
export async function writeOutput(
  lines: () => AsyncIterable<JournalLine>,
  output: string,
  identity: RunIdentity,
): Promise<void> {
  const rows = (): AsyncIterable<Row> => rowsOf(lines());
  switch (formatOf(output, identity.command)) {
    case 'jsonl':
      await writeLines(lines(), output);
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
}

/** Writes lines as they are. */
export async function writeLines(lines: AsyncIterable<JournalLine>, output: string): Promise<void> {
  await writeWhole(output, async (file) => {
    const out = new Appender(file);
    for await (const { bytes } of lines) await out.append(Buffer.concat([bytes, newline]));
    await out.flush();
  });
}

const newline = Buffer.from('\n');
