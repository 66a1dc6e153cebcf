/**
 * Rows as CSV: RFC 4180's quoting, but lines end in a newline alone, as those of pandas and DuckDB do.
 *
 * @module
 */
import type { FileHandle } from 'node:fs/promises';

import { Appender } from './appender';
import { type Found, type Row, firstGood, requireAlike } from './rows';

type Cell = string | number;

/**
 * Writes the file.
 *
 * @param rows - Called twice: how many columns there are depends on the first good row.
 * @throws TubeletError INVALID_ARGUMENT: results that do not have as many numbers each.
 */
export async function writeCsv(rows: () => AsyncIterable<Row>, file: FileHandle): Promise<void> {
  const first = await firstGood(rows());
  const middle = first === undefined ? [] : namesOf(first.outcome.found);
  const out = new Appender(file);
  const write = (cells: readonly Cell[]): Promise<void> => out.append(`${cells.map(quoted).join(',')}\n`);

  await write([
    'file',
    'start',
    'end',
    ...middle,
    'decode_ms',
    'prepare_ms',
    'infer_ms',
    'error_code',
    'error_message',
  ]);
  const none = ['', '', ...middle.map(() => ''), '', '', ''];
  for await (const { file: name, outcome } of rows()) {
    if ('error' in outcome) {
      await write([name, ...none, outcome.error.code, outcome.error.message]);
      continue;
    }
    if (first !== undefined) requireAlike(first, { file: name, outcome });
    const { start, end, milliseconds } = outcome.found;
    const { decode, prepare, infer } = milliseconds;
    await write([name, start, end, ...valuesOf(outcome.found), decode, prepare, infer, '', '']);
  }
  await out.flush();
}

function namesOf({ predictions, logits, embedding }: Found): string[] {
  return [
    ...predictions.flatMap((_, index) => [`label_${index + 1}`, `score_${index + 1}`]),
    ...logits.map((_, index) => `logit_${index}`),
    ...embedding.map((_, index) => `e${index}`),
  ];
}

function valuesOf({ predictions, logits, embedding }: Found): Cell[] {
  return [...predictions.flatMap(({ label, score }) => [label, score]), ...logits, ...embedding];
}

function quoted(cell: Cell): string {
  if (typeof cell === 'number' || !/[",\r\n]/.test(cell)) return String(cell);
  return `"${cell.replaceAll('"', '""')}"`;
}
