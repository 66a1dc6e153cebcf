/**
 * Streams of every kind as one: chunks on demand, and an end at any time.
 *
 * @module
 */
import type { Readable } from 'node:stream';

/** A `ReadableStream` as the web has it: what is needed of it, so that Node's own and the DOM's type both fit. */
export interface WebStream {
  readonly locked: boolean;
  getReader(): {
    read(): Promise<{ done?: boolean | undefined; value?: unknown }>;
    cancel(): Promise<void>;
  };
}

/** A stream that can be read once, of whatever kind. */
export type AnyStream = Readable | WebStream | AsyncIterable<unknown>;

/** Chunks in turn. Nothing is read ahead of `next`, beyond what the stream itself does. */
export interface ChunkReader {
  next(): Promise<{ done?: boolean | undefined; value?: unknown }>;
  /**
   * Ends the source, also while `next` is waiting; never throws. A request that a server has received is not ended, or it
   * could not be answered: what is left of it is read and thrown away.
   */
  stop(): void;
}

/** Whether this is a stream that {@link readChunks} reads. */
export function isStream(value: unknown): value is AnyStream {
  return isWebStream(value) || isAsyncIterable(value);
}

/** Why a stream cannot be read, if so. */
export function whyUnreadable(stream: AnyStream): string | undefined {
  if (isWebStream(stream)) return stream.locked ? 'it is locked: another reader has it' : undefined;
  if (!isNodeStream(stream)) return undefined;
  if (stream.readableEnded) return 'it was read to its end before';
  return stream.destroyed ? 'it was destroyed before' : undefined;
}

/** Begins to read. Errors of the stream reject `next`, from now on. */
export function readChunks(stream: AnyStream): ChunkReader {
  if (isWebStream(stream)) return webReader(stream);
  if (isNodeStream(stream)) return nodeReader(stream);
  return iterableReader(stream);
}

function nodeReader(stream: Readable): ChunkReader {
  const iterator = stream.iterator({ destroyOnReturn: false });
  return {
    next: () => iterator.next(),
    stop: () => {
      stream.on('error', ignore);
      if (isServerRequest(stream)) {
        // The iterator keeps the stream from flowing until it has ended, which is after the chunk that `next` waits for.
        iterator.return?.().then(() => stream.resume(), ignore);
      } else {
        stream.destroy();
      }
    },
  };
}

function webReader(stream: WebStream): ChunkReader {
  const reader = stream.getReader();
  return {
    next: () => reader.read(),
    stop: () => {
      reader.cancel().catch(ignore);
    },
  };
}

function iterableReader(iterable: AsyncIterable<unknown>): ChunkReader {
  const iterator = iterable[Symbol.asyncIterator]();
  return {
    next: () => iterator.next(),
    stop: () => {
      Promise.resolve(iterator.return?.()).catch(ignore);
    },
  };
}

function isWebStream(value: unknown): value is WebStream {
  return typeof value === 'object' && value !== null && 'getReader' in value && typeof value.getReader === 'function';
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

function isNodeStream(value: AsyncIterable<unknown>): value is Readable {
  return 'pipe' in value && 'destroy' in value && 'on' in value;
}

/** Whether its other side waits for an answer on the same connection: a request of http or http2, or a stream of http2. */
function isServerRequest(stream: Readable): boolean {
  const { method, statusCode, respond } = stream as { method?: unknown; statusCode?: unknown; respond?: unknown };
  const isAnswer = typeof statusCode === 'number'; // that a client has received
  return (typeof method === 'string' && !isAnswer) || typeof respond === 'function';
}

function ignore(): void {
  // The caller hears of what stopped the reading, not of what came of that.
}
