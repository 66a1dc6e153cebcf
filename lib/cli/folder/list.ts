/**
 * `--files-from`: names in a file or on standard input, as many as there may be.
 *
 * @module
 */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';

import { TubeletError, hasTubeletCode } from '../../base/errors';
import { type RawPath, rawBytes } from './paths';
import { failure } from './walk';

/** Longer than any path; a file without a line this short is not a list of names. */
const longestName = 1 << 20;

/**
 * The names in a list, as they come. A name ends with a line (LF or CRLF), or with a NUL where the first piece that is
 * read has one; the last name need not. Empty ones are left out.
 *
 * @param list - A file, or `-`.
 * @param signal - Ends the list.
 * @throws TubeletError FILE_NOT_FOUND, READ_FAILED, INVALID_ARGUMENT
 */
export async function* namesIn(list: string, stdin: () => Readable, signal?: AbortSignal): AsyncGenerator<RawPath> {
  const stream = list === '-' ? stdin() : createReadStream(list);
  const stop = (): void => void stream.destroy();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    if (signal?.aborted !== true) yield* split(stream, list);
  } catch (error) {
    if (signal?.aborted === true) return;
    throw hasTubeletCode(error) ? error : failure(error, list);
  } finally {
    signal?.removeEventListener('abort', stop);
    stream.destroy();
  }
}

async function* split(stream: AsyncIterable<unknown>, list: string): AsyncGenerator<RawPath> {
  let separator: '\n' | '\0' | undefined;
  let rest = '';
  const nameOf = (text: string): RawPath =>
    (separator === '\n' && text.endsWith('\r') ? text.slice(0, -1) : text) as RawPath;
  for await (const chunk of stream) {
    const text = rawBytes(typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array));
    if (separator === undefined && /[\n\0]/.test(text)) separator = text.includes('\0') ? '\0' : '\n';
    const names = separator === undefined ? [text as string] : text.split(separator);
    names[0] = rest + (names[0] ?? '');
    rest = names.pop() ?? '';
    for (const name of names.map(nameOf)) if (name !== '') yield name;
    if (rest.length > longestName) {
      throw new TubeletError('INVALID_ARGUMENT', `${list} is not a list of names: one is longer than 1 MiB`);
    }
  }
  const last = nameOf(rest);
  if (last !== '') yield last;
}
