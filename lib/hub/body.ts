/**
 * The bytes of an answer, as they come.
 *
 * @module
 */
import { abortable, throwIfAborted } from '../base/abort';
import { causeOf, messageOf } from '../base/errors';
import { readChunks } from '../base/streams';
import { TransientFailure } from './retry';

/** Milliseconds without a byte after which a connection counts as cut: huggingface_hub's own. */
export const longestStall = 10_000;

/**
 * Reads an answer. Its connection is given back, or ended, however the reading ends.
 *
 * @throws TransientFailure: the connection broke, or its other end has gone without saying so.
 */
export async function* bytesOf({ body }: Response, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const chunks = readChunks(body);
  try {
    for (;;) {
      const { done, value } = await nextOf(chunks.next(), signal);
      if (done === true) return;
      yield value as Uint8Array; // what fetch gives
    }
  } finally {
    chunks.stop();
  }
}

async function nextOf<T>(chunk: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  try {
    return await abortable(beforeStall(chunk), signal);
  } catch (error) {
    throwIfAborted(signal);
    if (error instanceof TransientFailure) throw error;
    const cause = causeOf(error);
    const reason = messageOf(cause);
    throw new TransientFailure(`the connection broke (${reason})`, 0, cause);
  }
}

async function beforeStall<T>(chunk: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const stall = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new TransientFailure(`nothing has come for ${longestStall / 1000} s`));
    }, longestStall);
  });
  try {
    return await Promise.race([chunk, stall]);
  } finally {
    clearTimeout(timer);
  }
}
