/**
 * From the lines of a journal to the rows of a table: a row for each file, or for each of its windows.
 *
 * @module
 */
import { TubeletError } from '../base/errors';
import { type JsonObject, isObject } from '../base/json';
import type { Prediction } from '../results/results';
import { type Failure, type JournalLine, itemOf, malformed } from './items';

/** What a good row says. */
export interface Found {
  /** What was looked at: the window, or the clip. Seconds. */
  start: number;
  end: number;
  /** Of each frame. */
  timestamps: number[];
  /** Best first; of `classify`. */
  predictions: Prediction[];
  logits: number[];
  /** The vector, or a grid of them, one after the other; of `embed`. */
  embedding: number[];
  shape: number[];
  /** Time spent on it. */
  milliseconds: { decode: number; prepare: number; infer: number };
}

/** One row. */
export interface Row {
  file: string;
  outcome: { found: Found } | { error: Failure };
}

/** A good row, of which a format may need the first one to know how wide its table is. */
export type GoodRow = Row & { outcome: { found: Found } };

/**
 * The rows of a journal's lines, in their order.
 *
 * @throws TubeletError READ_FAILED: a line is not one that a run writes.
 */
export async function* rowsOf(lines: AsyncIterable<JournalLine>): AsyncGenerator<Row, void> {
  for await (const line of lines) yield* rowsOfLine(line);
}

export function isGood(row: Row): row is GoodRow {
  return 'found' in row.outcome;
}

/** The first row with a result; the rest is not read. */
export async function firstGood(rows: AsyncIterable<Row>): Promise<GoodRow | undefined> {
  for await (const row of rows) if (isGood(row)) return row;
  return undefined;
}

/**
 * For formats whose rows are all as wide.
 *
 * @throws TubeletError INVALID_ARGUMENT: the row has other numbers of values than the first good one.
 */
export function requireAlike(first: GoodRow, row: GoodRow): void {
  const [expected, actual] = [first, row].map(({ outcome: { found } }) => describe(found));
  if (expected === actual) return;
  throw new TubeletError(
    'INVALID_ARGUMENT',
    `${row.file} has ${actual}, but ${first.file} has ${expected}: such a table has rows of one width only. ` +
      'Name an output that ends in .jsonl or .parquet',
  );
}

function describe({ predictions, logits, shape }: Found): string {
  if (shape.length > 0) return `${shape.join(' x ')} numbers`;
  return `${predictions.length} classes${logits.length > 0 ? ` and ${logits.length} logits` : ''}`;
}

function rowsOfLine(line: JournalLine): Row[] {
  const { file, outcome, place } = itemOf(line);
  if ('error' in outcome) return [{ file, outcome }];
  const { windows, ...shared } = outcome.result;
  const reader = new Reader(place);
  const results = windows === undefined ? [shared] : reader.objects('windows', windows);
  return results.map((result) => ({ file, outcome: { found: reader.found({ ...shared, ...result }) } }));
}

/** Reads a result's values; those that are none of its own are the line's fault. */
class Reader {
  constructor(private readonly place: string) {}

  found(result: JsonObject): Found {
    const embedding = this.numbers('data', result['data'] ?? []);
    const shape = this.numbers('shape', result['shape'] ?? []);
    if (shape.reduce((product, length) => product * length, 1) !== Math.max(embedding.length, 1)) {
      throw malformed(this.place, `its 'data' has ${embedding.length} numbers, its 'shape' is ${shape.join(' x ')}`);
    }
    const range = isObject(result['clip']) ? result['clip'] : {};
    const milliseconds = isObject(result['milliseconds']) ? result['milliseconds'] : {};
    return {
      start: this.number('start', result['start'] ?? range['start']),
      end: this.number('end', result['end'] ?? range['end']),
      timestamps: this.numbers('timestamps', result['timestamps']),
      predictions: this.objects('predictions', result['predictions'] ?? []).map((prediction) => ({
        label: this.text('label', prediction['label']),
        index: this.number('index', prediction['index']),
        score: this.number('score', prediction['score']),
      })),
      logits: this.numbers('logits', result['logits'] ?? []),
      embedding,
      shape,
      milliseconds: {
        decode: this.number('milliseconds.decode', milliseconds['decode']),
        prepare: this.number('milliseconds.prepare', milliseconds['prepare']),
        infer: this.number('milliseconds.infer', milliseconds['infer']),
      },
    };
  }

  objects(name: string, value: unknown): JsonObject[] {
    if (Array.isArray(value) && value.every(isObject)) return value;
    throw malformed(this.place, `'${name}' is not a list of objects`);
  }

  private numbers(name: string, value: unknown): number[] {
    if (!Array.isArray(value)) throw malformed(this.place, `'${name}' is not a list of numbers`);
    return value.map((part) => this.number(name, part));
  }

  private number(name: string, value: unknown): number {
    if (typeof value === 'number') return value;
    if (value === null) return NaN; // JSON has no NaN and no infinity
    throw malformed(this.place, `'${name}' is not a number`);
  }

  private text(name: string, value: unknown): string {
    if (typeof value === 'string') return value;
    throw malformed(this.place, `'${name}' is not text`);
  }
}
