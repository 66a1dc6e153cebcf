/**
 * A caller's own names for the classes: a list, or a file with one a line such as Kinetics' label_map.txt.
 *
 * @module
 */
import { open } from 'node:fs/promises';

import { TubeletError, asReadFailure, isSystemError } from '../base/errors';
import { mostLabels } from '../base/limits';
import { type Rule, describe, invalid } from '../base/rules';

/** The names themselves, or the path of a text file (UTF-8) that has one on each line, in the order of the classes. */
export type Labels = string | readonly string[];

/** Kinetics-700's has 12 kB. */
const largestFile = 4 * 1024 * 1024;

/** @internal */
export const labelsRule: Rule<Labels> = {
  allowed: `the path of a file with one label a line, or an array of 1 to ${mostLabels} labels`,
  accepts: (value): value is Labels =>
    typeof value === 'string' ? value !== '' : Array.isArray(value) && value.length > 0 && value.length <= mostLabels,
  copy: (labels, what) => {
    if (typeof labels === 'string') return labels;
    const copy: unknown[] = Array.from(labels);
    const wrong = copy.findIndex((label) => typeof label !== 'string' || label === '');
    if (wrong >= 0)
      throw invalid(`${what} must be strings that are not empty, got ${describe(copy[wrong])} at ${wrong}`);
    return copy as string[];
  },
};

/**
 * The names that {@link Labels} stands for.
 *
 * @throws TubeletError FILE_NOT_FOUND, READ_FAILED; INVALID_ARGUMENT: the file is too large, or a line is empty.
 */
export async function readLabels(labels: Labels): Promise<readonly string[]> {
  if (typeof labels !== 'string') return labels;
  const lines = (await readText(labels)).replace(/^\uFEFF/, '').split(/\r?\n/);
  while (lines.at(-1) === '') lines.pop();
  const empty = lines.findIndex((line) => line.trim() === '');
  if (empty >= 0)
    throw invalid(`${labels}: line ${empty + 1} is empty; a label file has the label of one class on each`);
  if (lines.length === 0) throw invalid(`${labels} is empty; a label file has the label of one class on each line`);
  return lines;
}

async function readText(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const status = await file.stat();
      if (!status.isFile()) throw new TubeletError('READ_FAILED', `${path} is not a file`);
      if (status.size > largestFile) throw invalid(`${path} has ${status.size} bytes, more than ${largestFile}`);
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) {
      throw new TubeletError('FILE_NOT_FOUND', `There is no label file ${path}`, { cause: error });
    }
    throw asReadFailure(error, path);
  }
}

/** transformers' names for classes that have none. */
export function defaultLabels(classes: number): string[] {
  return Array.from({ length: classes }, (_, index) => `LABEL_${index}`);
}

/**
 * Counts labels against a model's classes.
 *
 * @throws TubeletError INVALID_ARGUMENT: names both counts.
 */
export function requireCount(labels: readonly string[], classes: number, model: string): void {
  if (labels.length === classes) return;
  throw invalid(
    classes === 0
      ? `'${model}' is self-supervised: it has no classes that 'labels' could name`
      : `'labels' has ${labels.length} entries, but '${model}' has ${classes} classes`,
  );
}
