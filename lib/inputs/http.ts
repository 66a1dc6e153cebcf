/**
 * Videos on a web server, fetched by Node itself: libav never sees an address.
 *
 * @module
 */
import { abortable, throwIfAborted } from '../base/abort';
import { TubeletError, causeOf, messageOf } from '../base/errors';
import { type ChunkReader, readChunks } from '../base/streams';
import { discard, isRedirect, mostRedirects, nameOfUrl, targetOf } from '../base/web';
import { tooLarge } from './spool';

/**
 * Asks for a file and follows redirects.
 *
 * @param limit - Bytes that the answer may announce.
 * @returns Its bytes, as they come.
 * @throws TubeletError READ_FAILED, LIMIT_EXCEEDED
 */
export async function fetchFile(url: URL, limit: number, signal: AbortSignal): Promise<ChunkReader> {
  let address = url;
  for (let hops = 0; hops <= mostRedirects; hops++) {
    const response = await request(address, signal);
    if (!isRedirect(response)) return bodyOf(response, address, limit);
    const target = targetOf(response, address);
    if (typeof target === 'string') throw failed(address, `it ${target}`);
    address = target;
  }
  throw failed(url, `it redirects more than ${mostRedirects} times`);
}

async function request(address: URL, signal: AbortSignal): Promise<Response> {
  try {
    // Bytes as they are stored: a content-length then says how many there will be.
    const headers = { 'accept-encoding': 'identity' };
    return await abortable(fetch(address.href, { redirect: 'manual', headers, signal }), signal);
  } catch (error) {
    throwIfAborted(signal); // what the abort itself broke off is not a failure
    const cause = causeOf(error);
    throw failed(address, messageOf(cause), cause);
  }
}

function bodyOf(response: Response, address: URL, limit: number): ChunkReader {
  const { status, statusText, headers, body } = response;
  const announced = Number(headers.get('content-length') ?? 0);
  if (response.ok && announced <= limit) return body === null ? empty : readChunks(body);
  discard(response);
  if (response.ok) throw tooLarge(nameOfUrl(address), announced, limit);
  throw failed(address, `the server answered ${`${status} ${statusText}`.trim()}`);
}

const empty: ChunkReader = { next: () => Promise.resolve({ done: true }), stop: () => undefined };

function failed(address: URL, reason: string, cause?: unknown): TubeletError {
  return new TubeletError(
    'READ_FAILED',
    `Cannot fetch ${nameOfUrl(address)}: ${reason}. Check the address, and whether a browser can open it`,
    { cause },
  );
}
