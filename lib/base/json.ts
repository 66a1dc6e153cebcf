/**
 * Reading JSON, and the small files of a checkpoint that hold it, without trusting them.
 *
 * @module
 */
import { open } from 'node:fs/promises';

import { TubeletError, asReadFailure, isSystemError, messageOf } from './errors';

/** A JSON object, its values still to be checked. */
export type JsonObject = Record<string, unknown>;

/** Real ones hold a few hundred labels or tensor names; parsing blocks, so a huge one is refused. */
const largestFile = 4 * 1024 * 1024;

/** Whether a value is a plain JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a text says that may have been cut off, or be no JSON at all: `undefined` then. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Reads a file that holds one JSON object.
 *
 * @returns The object, or `undefined` when there is no such file.
 * @throws TubeletError MODEL_INVALID: not a file, too large, or not a JSON object. READ_FAILED: it cannot be read.
 */
export async function readJson(path: string): Promise<JsonObject | undefined> {
  const content = await readText(path);
  if (content === undefined) return undefined;
  let value: unknown;
  try {
    // Python writes and reads a byte order mark and so do some editors on Windows; JSON.parse does not take it.
    value = JSON.parse(content.replace(/^\uFEFF/, ''));
  } catch (error) {
    const reason = messageOf(error);
    throw new TubeletError('MODEL_INVALID', `${path} is not valid JSON: ${reason}`, { cause: error });
  }
  if (!isObject(value)) throw new TubeletError('MODEL_INVALID', `${path} must hold a JSON object`);
  return value;
}

async function readText(path: string): Promise<string | undefined> {
  try {
    const file = await open(path);
    try {
      const status = await file.stat();
      if (!status.isFile()) throw new TubeletError('MODEL_INVALID', `${path} is not a file`);
      if (status.size > largestFile) {
        throw new TubeletError('MODEL_INVALID', `${path} has ${status.size} bytes, more than ${largestFile}`);
      }
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw asReadFailure(error, path);
  }
}
