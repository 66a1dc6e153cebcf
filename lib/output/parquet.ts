/**
 * Rows as a Parquet file, with what the run was in its metadata.
 *
 * @module
 */
import type { FileHandle } from 'node:fs/promises';

import type { SchemaElement } from 'hyparquet-writer';

import { arrowSchema, childrenOf } from './arrow';
import { type Column, type Field, columnsOf } from './columns';
import type { RunIdentity } from './identity';
import type { Row } from './rows';

/**
 * As many values as a row group has at most, except with a row that has more by itself. They are in memory at once, and
 * written in one go: meanwhile the event loop waits, for a few hundredths of a second.
 */
const groupValues = 2 ** 17;

/** Writes the file. Memory depends on the widest row alone. */
export async function writeParquet(rows: AsyncIterable<Row>, file: FileHandle, identity: RunIdentity): Promise<void> {
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer'); // an ES module
  const columns = columnsOf(identity);
  const metadata = metadataOf(identity);
  const bytes = new ByteWriter();
  const flush = async (): Promise<void> => {
    await file.writeFile(bytes.getBytes());
    bytes.index = 0;
  };
  const parquet = new ParquetWriter({
    writer: Object.assign(bytes, { flush, finish: flush }),
    schema: [{ name: 'schema', num_children: columns.length }, ...columns.flatMap(schemaOf)],
    kvMetadata: [
      ...Object.entries(metadata).map(([key, value]) => ({ key, value })),
      { key: 'ARROW:schema', value: arrowSchema(columns, metadata) },
    ],
    createdBy: `tubelet version ${identity.tubelet}`,
  });
  for await (const group of groupsOf(rows, columns)) {
    await parquet.write({
      columnData: columns.map(({ name, type }, index) => ({
        name,
        data: group[index] ?? [],
        statistics: typeof type === 'string', // the smallest number of all vectors is of no use
      })),
      rowGroupSize: Infinity,
    });
  }
  await parquet.finish();
}

/** What the run was, in the file's key-value metadata. */
export function metadataOf({ command, tubelet, checkpoint, precision, options }: RunIdentity): Record<string, string> {
  const { name, revision, sha256 } = checkpoint;
  return {
    'tubelet.version': tubelet,
    'tubelet.command': command,
    'tubelet.checkpoint': name,
    ...(revision !== undefined && { 'tubelet.revision': revision }),
    'tubelet.sha256': sha256,
    'tubelet.precision': precision,
    'tubelet.options': JSON.stringify(options),
  };
}

/** The values of some rows, column by column. */
async function* groupsOf(rows: AsyncIterable<Row>, columns: readonly Column[]): AsyncGenerator<unknown[][], void> {
  let group: unknown[][] = columns.map(() => []);
  let values = 0;
  for await (const row of rows) {
    const cells = columns.map(({ of }) => of(row));
    const size = cells.reduce<number>((sum, cell) => sum + (Array.isArray(cell) ? cell.length : 1), 0);
    if (values > 0 && values + size > groupValues) {
      yield group;
      group = columns.map(() => []);
      values = 0;
    }
    for (const [index, cell] of cells.entries()) group[index]?.push(cell);
    values += size;
  }
  if (values > 0) yield group;
}

const primitives = {
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  int32: { type: 'INT32' },
  float32: { type: 'FLOAT' },
  float64: { type: 'DOUBLE' },
} as const;

/** A column in Parquet's words: itself, then its parts. */
function schemaOf({ name, type, nullable }: Field): SchemaElement[] {
  const itself = { name, repetition_type: nullable ? 'OPTIONAL' : 'REQUIRED' } as const;
  if (typeof type === 'string') return [{ ...itself, ...primitives[type] }];
  const parts = childrenOf(type);
  const below = parts.flatMap(schemaOf);
  if ('struct' in type) return [{ ...itself, num_children: parts.length }, ...below];
  return [
    { ...itself, converted_type: 'LIST', logical_type: { type: 'LIST' }, num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    ...below,
  ];
}
