/**
 * What a results file can be, by its name.
 *
 * @module
 */
import { extname } from 'node:path';

import { TubeletError } from '../base/errors';
import type { RunIdentity } from './identity';

export const formats = ['jsonl', 'csv', 'parquet', 'npy'] as const;

/** A kind of results file. */
export type Format = (typeof formats)[number];

/**
 * The format that an output's name asks for.
 *
 * @throws TubeletError INVALID_ARGUMENT: no such format, or none for what the command makes.
 */
export function formatOf(path: string, command: RunIdentity['command']): Format {
  const extension = extname(path).toLowerCase();
  const format = formats.find((name) => `.${name}` === extension);
  if (format === undefined) {
    const known = 'must end in .jsonl, .csv, .parquet or .npy (vectors of embed)';
    throw new TubeletError('INVALID_ARGUMENT', `The name of an output ${known}, not '${path}'`);
  }
  if (format === 'npy' && command !== 'embed') {
    const instead = `for what ${command} says take .jsonl, .csv or .parquet`;
    throw new TubeletError('INVALID_ARGUMENT', `'${path}': a .npy file holds vectors of embed only; ${instead}`);
  }
  return format;
}
