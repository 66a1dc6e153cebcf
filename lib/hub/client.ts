/**
 * The three questions that the hub is asked: what a revision holds, what a file is, and its bytes.
 *
 * @module
 */
import { abortable, onAbort, throwIfAborted } from '../base/abort';
import { TubeletError, causeOf, messageOf } from '../base/errors';
import { isObject, parsedJson } from '../base/json';
import { packageVersion } from '../base/package';
import { discard, isRedirect, mostRedirects, nameOfUrl, targetOf } from '../base/web';
import { bytesOf, longestStall } from './body';
import { hubEndpoint, hubToken } from './environment';
import { type HubName, isCommit, titleOf } from './repository';
import { refusal } from './response-errors';
import { Retries, TransientFailure, isTransient, retryAfter } from './retry';

/** A revision as the hub describes it. */
export interface Revision {
  commit: string;
  files: string[];
  /** As its model card has it, such as `cc-by-nc-4.0`. */
  license?: string;
}

/** One file of a commit. */
export interface RemoteFile {
  name: string;
  url: URL;
  /** The sha256 of a large file, the git blob hash of a small one: the blob's name in the cache. */
  etag: string;
  size: number;
}

interface Question {
  method?: 'GET' | 'HEAD';
  headers?: Record<string, string>;
}

/** Asks for one model. Passing failures are borne with, except in {@link HubClient.open}, whose caller resumes. */
export class HubClient {
  private constructor(
    private readonly name: HubName,
    private readonly endpoint: string,
    private readonly token: string | undefined,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** A client with the user's endpoint and token. */
  static async for(name: HubName, signal?: AbortSignal): Promise<HubClient> {
    return new HubClient(name, hubEndpoint(), await hubToken(), signal);
  }

  /**
   * What the wanted revision is and holds.
   *
   * @throws TubeletError MODEL_NOT_FOUND, ACCESS_DENIED, DOWNLOAD_FAILED
   */
  async revision(): Promise<Revision> {
    const { repository, revision } = this.name;
    const url = new URL(`${this.endpoint}/api/models/${repository}/revision/${encodeURIComponent(revision)}`);
    const text = await new Retries(`ask ${nameOfUrl(url)}`, this.signal, 'first').until(async () =>
      this.read(await this.ask(url, { headers: { accept: 'application/json' } })),
    );
    const found = readRevision(text);
    if (found === undefined || (isCommit(revision) && found.commit !== revision)) {
      throw this.nonsense(url, 'does not describe that model');
    }
    return found;
  }

  /**
   * Size and hash of a file, which come with the hub's own answer and not with that of the store it points to.
   *
   * @throws TubeletError DOWNLOAD_FAILED, ACCESS_DENIED, MODEL_NOT_FOUND
   */
  async file(commit: string, name: string): Promise<RemoteFile> {
    const url = new URL(`${this.endpoint}/${this.name.repository}/resolve/${commit}/${encodeURIComponent(name)}`);
    const { headers } = await this.retries(`ask ${nameOfUrl(url)}`).until(() => this.ask(url, { method: 'HEAD' }));
    const linked = headers.get('x-linked-etag');
    const etag = (linked ?? headers.get('etag'))?.replace(/^W\//, '').replaceAll('"', '') ?? '';
    const size = Number(headers.get(linked === null ? 'content-length' : 'x-linked-size') ?? NaN);
    if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(etag) || !Number.isSafeInteger(size) || size < 0) {
      throw this.nonsense(url, 'gives no size and hash to check the file by');
    }
    return { name, url, etag, size };
  }

  /**
   * Asks for a file's bytes from some position on; they may begin at 0 nevertheless (status 200).
   *
   * @throws TransientFailure; TubeletError as {@link HubClient.file}
   */
  async open({ url }: RemoteFile, from: number): Promise<Response> {
    return this.ask(url, { headers: from > 0 ? { range: `bytes=${from}-` } : {} });
  }

  /** Follows redirects by hand: the token is for the hub alone, and a HEAD stops where it has its answer. */
  private async ask(url: URL, { method = 'GET', headers = {} }: Question): Promise<Response> {
    const { origin } = new URL(this.endpoint);
    let address = url;
    for (let hops = 0; hops <= mostRedirects; hops++) {
      const response = await this.request(address, method, headers, address.origin === origin);
      if (!isRedirect(response)) return this.accept(response, address, address.origin === origin);
      const target = targetOf(response, address);
      if (typeof target === 'string') throw this.nonsense(address, target);
      const saysAll = response.headers.has('x-linked-etag') && response.headers.has('x-linked-size');
      if (method === 'HEAD' && (saysAll || target.origin !== origin)) return response;
      address = target;
    }
    throw this.nonsense(url, `redirects more than ${mostRedirects} times`);
  }

  private async request(
    address: URL,
    method: string,
    headers: Record<string, string>,
    isHub: boolean,
  ): Promise<Response> {
    const all = {
      // Bytes as they are stored: content-length and ranges then count what the hash is of.
      'accept-encoding': 'identity',
      'user-agent': `tubelet/${packageVersion()}`,
      ...headers,
      ...(isHub && this.token !== undefined && { authorization: `Bearer ${this.token}` }),
    };
    // Until the answer begins: what comes after that is up to who reads it.
    const controller = new AbortController();
    const stop = (): void => {
      controller.abort(new Error(`nothing has come for ${longestStall / 1000} s`));
    };
    const timer = setTimeout(stop, longestStall);
    const stopListening = onAbort(this.signal, stop);
    const { signal } = controller;
    try {
      return await abortable(fetch(address, { method, headers: all, redirect: 'manual', signal }), this.signal);
    } catch (error) {
      throwIfAborted(this.signal);
      const cause = causeOf(error);
      const reason = messageOf(cause);
      throw new TransientFailure(`${address.host} does not answer (${reason})`, 0, cause);
    } finally {
      clearTimeout(timer);
      stopListening();
    }
  }

  private accept(response: Response, address: URL, isHub: boolean): Response {
    if (response.ok) return response;
    discard(response);
    const { status, headers } = response;
    // An address in the store holds for a while only; the next try gets a new one.
    const isStale = !isHub && (status === 403 || status === 401);
    if (isTransient(status) || isStale) {
      throw new TransientFailure(
        `${address.host} answered ${`${status} ${response.statusText}`.trim()}`,
        retryAfter(headers),
      );
    }
    throw refusal(response, this.name, nameOfUrl(address), this.token !== undefined);
  }

  private async read(response: Response): Promise<string> {
    const parts: Uint8Array[] = [];
    for await (const bytes of bytesOf(response, this.signal)) parts.push(bytes);
    return Buffer.concat(parts).toString();
  }

  private retries(what: string): Retries {
    return new Retries(what, this.signal);
  }

  private nonsense(url: URL, what: string): TubeletError {
    return new TubeletError(
      'DOWNLOAD_FAILED',
      `Cannot download '${titleOf(this.name)}': the answer of ${nameOfUrl(url)} ${what}. Is HF_ENDPOINT a hub?`,
    );
  }
}

function readRevision(text: string): Revision | undefined {
  const json = parsedJson(text);
  if (!isObject(json)) return undefined;
  const { sha, siblings, tags } = json;
  if (typeof sha !== 'string' || !isCommit(sha) || !Array.isArray(siblings)) return undefined;
  const names = siblings.map((entry: unknown) => (isObject(entry) ? entry['rfilename'] : undefined));
  const words: unknown[] = Array.isArray(tags) ? tags : [];
  const isLicense = (tag: unknown): tag is string => typeof tag === 'string' && tag.startsWith('license:');
  const license = words.find(isLicense)?.slice('license:'.length);
  const files = names.filter((name) => typeof name === 'string');
  return { commit: sha, files, ...(license !== undefined && { license }) };
}
