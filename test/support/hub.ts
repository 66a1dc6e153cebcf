import { createHash } from 'node:crypto';
import { type IncomingMessage, type RequestListener, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Called for a request before the server answers as it should; true when it has answered, or never will. */
export type Mischief = (request: IncomingMessage, response: ServerResponse, path: string) => boolean;

/** What was asked: `GET api/models/org/name/revision/main`; requests to the store begin with `store`. */
export interface Asked {
  line: string;
  authorization: string | undefined;
  range: string | undefined;
}

/**
 * A server that speaks the hub's protocol as the public one does: a model's description, HEAD and GET of its files,
 * small ones by a relative redirect, large ones by a redirect to a store on another port.
 */
export class FakeHub {
  readonly asked: Asked[] = [];
  /** Files by name, of every revision. */
  files: Record<string, Buffer> = {};
  commit = '0123456789abcdef0123456789abcdef01234567';
  tags: string[] = [];
  mischief: Mischief | undefined;
  private readonly hub = createServer(this.listener('', this.answer.bind(this)));
  private readonly store = createServer(this.listener('store ', this.serve.bind(this)));

  async start(): Promise<void> {
    for (const server of [this.hub, this.store]) {
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    }
  }

  stop(): void {
    for (const server of [this.hub, this.store]) {
      server.closeAllConnections();
      server.close();
    }
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.hub.address() as AddressInfo).port}`;
  }

  /** What was asked, without the rest. */
  get lines(): string[] {
    return this.asked.map(({ line }) => line);
  }

  /** Forgets what was asked and behaves again. */
  reset(): void {
    this.asked.length = 0;
    this.mischief = undefined;
    this.tags = [];
  }

  /** The hash by which the hub names a file. */
  etag(name: string): string {
    const bytes = this.files[name] ?? Buffer.alloc(0);
    if (isLarge(name)) return createHash('sha256').update(bytes).digest('hex');
    return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
  }

  private listener(
    prefix: string,
    answer: (path: string, ...rest: Parameters<RequestListener>) => void,
  ): RequestListener {
    return (request, response) => {
      const path = decodeURIComponent(new URL(request.url ?? '', 'http://hub').pathname.slice(1));
      const { authorization, range } = request.headers;
      this.asked.push({ line: `${prefix}${request.method} ${path}`, authorization, range });
      if (this.mischief?.(request, response, `${prefix}${path}`) !== true) answer(path, request, response);
    };
  }

  private answer(path: string, request: IncomingMessage, response: ServerResponse): void {
    if (/^api\/models\/org\/name\/revision\/(main|v1|refs\/pr\/1|[0-9a-f]{40})$/.test(path)) {
      const siblings = Object.keys(this.files).map((rfilename) => ({ rfilename }));
      const body = JSON.stringify({ id: 'org/name', sha: this.commit, siblings, tags: this.tags });
      response.setHeader('content-type', 'application/json').end(body);
      return;
    }
    if (path.startsWith('api/models/org/name/')) {
      response.writeHead(404, { 'x-error-code': 'RevisionNotFound' }).end();
      return;
    }
    if (path.startsWith('api/models/')) {
      response.writeHead(401, { 'x-error-code': 'RepoNotFound' }).end();
      return;
    }
    const name = path.split('/').at(-1) ?? '';
    if (this.files[name] === undefined) {
      response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
    } else if (path.startsWith('resolve-cache/')) {
      this.serve(path, request, response);
    } else if (isLarge(name)) {
      const { port } = this.store.address() as AddressInfo;
      response.writeHead(302, {
        location: `http://127.0.0.1:${port}/${this.etag(name)}/${name}?signature=secret`,
        'x-repo-commit': this.commit,
        'x-linked-etag': `"${this.etag(name)}"`,
        'x-linked-size': this.files[name].length,
        etag: '"of the redirect"',
      });
      response.end();
    } else {
      response.writeHead(307, { location: `/resolve-cache/${name}`, 'x-repo-commit': this.commit }).end();
    }
  }

  /** A file's bytes, or some of them. */
  private serve(path: string, request: IncomingMessage, response: ServerResponse): void {
    const name = path.split('/').at(-1) ?? '';
    const bytes = this.files[name] ?? Buffer.alloc(0);
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? NaN);
    response.setHeader('etag', `W/"${this.etag(name)}"`);
    response.setHeader('x-repo-commit', this.commit);
    if (Number.isNaN(from)) {
      response.setHeader('content-length', bytes.length);
    } else {
      response.writeHead(206, {
        'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
        'content-length': bytes.length - from,
      });
    }
    if (request.method === 'HEAD') response.end();
    else response.end(bytes.subarray(Number.isNaN(from) ? 0 : from));
  }
}

/** Kept by git LFS. */
function isLarge(name: string): boolean {
  return /\.(safetensors|bin)$/.test(name);
}
