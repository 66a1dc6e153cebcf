/**
 * What the lines of a run's journal say: one line, one item.
 *
 * @module
 */
import { TubeletError, asReadFailure, messageOf } from '../base/errors';
import { type JsonObject, isObject } from '../base/json';
import { type Line, linesOf } from './lines';

/** A line, and where it stands, for messages. */
export interface JournalLine extends Line {
  place: string;
}

/** Why an item has no result. */
export interface Failure {
  code: string;
  message: string;
}

/** One line: a file's result as it is in the JSON, or why there is none. */
export interface Item {
  file: string;
  outcome: { result: JsonObject } | { error: Failure };
  place: string;
}

/**
 * The lines of a journal, from its beginning; the caller may leave early.
 *
 * @throws TubeletError READ_FAILED
 */
export async function* journalLines(journal: string): AsyncGenerator<JournalLine, void> {
  let number = 0;
  try {
    for await (const line of linesOf(journal)) {
      number += 1;
      yield { ...line, place: `${journal}, line ${number}` };
    }
  } catch (error) {
    throw asReadFailure(error, journal);
  }
}

/** @throws TubeletError READ_FAILED: the line is not one that a run writes. */
export function itemOf({ bytes, place }: JournalLine): Item {
  let line: unknown;
  try {
    line = JSON.parse(bytes.toString());
  } catch (error) {
    throw malformed(place, messageOf(error));
  }
  if (!isObject(line)) throw malformed(place, 'it is not a JSON object');
  const { file, error, ...result } = line;
  if (typeof file !== 'string') throw malformed(place, "it has no 'file'");
  if (error === undefined) return { file, outcome: { result }, place };
  if (!isObject(error) || typeof error['code'] !== 'string' || typeof error['message'] !== 'string') {
    throw malformed(place, "its 'error' has no code and message");
  }
  return { file, outcome: { error: { code: error['code'], message: error['message'] } }, place };
}

/** An error about a line that no run has written so. */
export function malformed(place: string, reason: string): TubeletError {
  return new TubeletError('READ_FAILED', `${place} is not a line that tubelet writes: ${reason}`);
}
