/**
 * From a stream, which is read once and in order, to a file, in which libav can seek.
 *
 * @module
 */
import { abortable, throwIfAborted } from '../base/abort';
import { TubeletError, messageOf } from '../base/errors';
import { describe, invalid } from '../base/rules';
import type { ChunkReader } from '../base/streams';
import { isBytes, viewBytes } from './bytes';
import { TemporaryFile } from './temporary';

/**
 * Copies what is left of a stream into a temporary file, which the caller closes. A chunk is asked for when the one
 * before it has been written. The stream is ended when this fails.
 *
 * @param name - How messages call the stream.
 * @param limit - Bytes.
 * @throws TubeletError LIMIT_EXCEEDED, READ_FAILED (the stream failed), WRITE_FAILED, INVALID_ARGUMENT (a chunk that is
 *   not bytes)
 */
export async function spool(
  reader: ChunkReader,
  { name, limit, signal }: { name: string; limit: number; signal: AbortSignal },
): Promise<TemporaryFile> {
  let file: TemporaryFile | undefined;
  try {
    throwIfAborted(signal);
    file = new TemporaryFile(name);
    let size = 0;
    for (;;) {
      const { done, value } = await nextOf(reader, name, signal);
      if (done === true) return file;
      const bytes = chunkOf(name, value);
      size += bytes.length;
      if (size > limit) throw tooLarge(name, `at least ${size}`, limit);
      await abortable(file.append(bytes), signal);
    }
  } catch (error) {
    reader.stop();
    void file?.close();
    throw error;
  }
}

async function nextOf(reader: ChunkReader, name: string, signal: AbortSignal): ReturnType<ChunkReader['next']> {
  try {
    return await abortable(reader.next(), signal);
  } catch (error) {
    throwIfAborted(signal); // what the abort itself broke off is not a failure
    const reason = messageOf(error);
    throw new TubeletError('READ_FAILED', `Cannot read ${name}: it broke off. ${reason}`, { cause: error });
  }
}

function chunkOf(name: string, chunk: unknown): Uint8Array {
  if (isBytes(chunk)) return viewBytes(name, chunk);
  const advice = typeof chunk === 'string' ? ': set no encoding on the stream' : '';
  throw invalid(`${name} must give chunks of bytes, got ${describe(chunk)}${advice}`);
}

/** LIMIT_EXCEEDED in the words of binding/video/container/source.cc. */
export function tooLarge(name: string, size: number | string, limit: number): TubeletError {
  return new TubeletError(
    'LIMIT_EXCEEDED',
    `${name} has ${size} bytes; the limit is ${limit}. Raise the limit \`bytes\` to read it.`,
  );
}
