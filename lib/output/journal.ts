/**
 * One line of a run: written, and read again when the run is resumed.
 *
 * @module
 */
import { TubeletError } from '../base/errors';
import { isObject, parsedJson } from '../base/json';
import { jsonLine } from '../results/json-line';
import type { Line } from './lines';

/** What became of a file. */
export type Outcome = { result: object } | { error: TubeletError };

/** The line of a file, without its newline. */
export function lineFor(file: string, outcome: Outcome): string {
  if ('result' in outcome) return jsonLine(file, outcome.result);
  const { code, message } = outcome.error;
  return JSON.stringify({ file, error: { code, message } });
}

/** What a line says. */
export interface Entry {
  file: string;
  /** Whether it is an error's. */
  failed: boolean;
}

const beginning = Buffer.from('{"file":"');
const failing = Buffer.from(',"error":{');
const quote = 0x22;
const brace = 0x7d;

/**
 * What a line says, or `undefined` when it is not wholly there: its writer was stopped, or the power failed before the
 * disk had all of it.
 *
 * @throws TubeletError INVALID_ARGUMENT: it is there and none of a run.
 */
export function entryOf({ bytes, start, whole }: Line, path: string): Entry | undefined {
  if (!whole || bytes.includes(0)) return undefined; // zeros are what a disk has of parts that it did not come to
  return quickEntry(bytes) ?? parsedEntry(bytes, start, path);
}

/** Of a line as a run writes it, without parsing what may be megabytes of numbers; not of a name with a quote in it. */
function quickEntry(bytes: Buffer): Entry | undefined {
  if (bytes.at(-1) !== brace || !bytes.subarray(0, beginning.length).equals(beginning)) return undefined;
  const end = bytes.indexOf(quote, beginning.length) + 1;
  const file = parsedJson(bytes.toString('utf8', beginning.length - 1, end));
  if (typeof file !== 'string') return undefined;
  return { file, failed: bytes.subarray(end, end + failing.length).equals(failing) };
}

/** Of any line. */
function parsedEntry(bytes: Buffer, start: number, path: string): Entry | undefined {
  const value = parsedJson(bytes.toString());
  if (value === undefined) return undefined;
  if (isObject(value) && typeof value['file'] === 'string') return { file: value['file'], failed: 'error' in value };
  throw new TubeletError('INVALID_ARGUMENT', `${path} has a line, at byte ${start}, that is not one of a run's`);
}
