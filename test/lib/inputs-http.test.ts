import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { type ReadFramesResult, classify, embed, probe, readFrames } from '#lib/index';

import { temporaryFiles } from '../support/descriptors';
import { inRoot } from '../support/paths';
import { rejectsWith } from '../support/rejects';
import { bestOf, until } from '../support/waiting';

const model = 'motion-videomae';
const clip = inRoot('samples', 'pan-right.mp4');

describe('a video on a server', function () {
  this.timeout(120_000);
  let bytes: Buffer;
  let expected: ReadFramesResult;
  let server: Server;
  let requests: IncomingMessage[] = [];
  /** Requests whose answer is neither complete nor cut off by the client. */
  const open = new Set<ServerResponse>();

  const answers: Record<string, (response: ServerResponse, request: IncomingMessage) => void> = {
    '/clip.mp4': (response) => {
      response.setHeader('content-length', bytes.length).end(bytes);
    },
    '/chunked': (response) => {
      response.write(bytes.subarray(0, 5000));
      setTimeout(() => response.end(bytes.subarray(5000)), 10);
    },
    '/once': (response) => {
      response.writeHead(302, { location: '/clip.mp4' }).end('moved');
    },
    '/hops/10': (response) => {
      response.writeHead(308, { location: '../clip.mp4' }).end();
    },
    '/loop': (response) => {
      response.writeHead(301, { location: '/loop' }).end();
    },
    '/nowhere': (response) => {
      response.writeHead(302).end();
    },
    '/to-file': (response) => {
      response.writeHead(302, { location: `file://${clip}` }).end();
    },
    '/to-ftp': (response) => {
      response.writeHead(302, { location: 'ftp://example.org/a.mp4' }).end();
    },
    '/to-password': (response, { headers }) => {
      response.writeHead(302, { location: `http://me:secret@${headers.host}/clip.mp4` }).end();
    },
    '/missing': (response) => {
      response.writeHead(404).end('there is nothing');
    },
    '/broken': (response) => {
      response.writeHead(500, 'Out of Order').end();
    },
    '/empty': (response) => {
      response.writeHead(204).end();
    },
    '/text': (response) => {
      response.end('this is no video');
    },
    '/silent': () => undefined,
    '/stalled': (response) => {
      response.setHeader('content-length', bytes.length).write(bytes.subarray(0, 5000));
    },
    '/cut': (response) => {
      response.setHeader('content-length', bytes.length).write(bytes.subarray(0, 5000));
      setTimeout(() => response.destroy(), 10);
    },
    '/cut-chunked': (response) => {
      response.write(bytes.subarray(0, 5000));
      setTimeout(() => response.destroy(), 10);
    },
    '/huge': (response) => {
      response.setHeader('content-length', 2 ** 50).write(bytes);
    },
    '/endless': (response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(1 << 16)));
      };
      response.on('drain', more);
      more();
    },
  };

  before(async () => {
    bytes = await readFile(clip);
    expected = await readFrames(clip);
    server = createServer((request, response) => {
      requests.push(request);
      open.add(response);
      response.on('close', () => open.delete(response));
      const { pathname } = new URL(request.url ?? '', 'http://localhost');
      const hop = /^\/hops\/(\d)$/.exec(pathname)?.[1];
      if (hop !== undefined) response.writeHead(307, { location: `/hops/${Number(hop) + 1}` }).end();
      else (answers[pathname] ?? answers['/missing'])?.(response, request);
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  });
  beforeEach(() => {
    requests = [];
  });
  afterEach(async () => {
    await until(() => temporaryFiles() === 0 && open.size === 0, 'every request and temporary file is closed');
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const at = (path: string): URL => new URL(path, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);

  for (const path of ['/clip.mp4', '/chunked', '/once', '/hops/1', '/clip.mp4?signature=secret#here']) {
    it(`is fetched from ${path}`, async () => {
      const frames = await readFrames(at(path));
      assert.deepEqual(frames.timestamps, expected.timestamps);
      assert.ok(Buffer.compare(frames.data, expected.data) === 0);
    });
  }

  it('is fetched once, by every function, as it is stored', async () => {
    const url = at('/clip.mp4');
    assert.equal((await probe(url)).bytes, bytes.length);
    const { logits } = await classify(url, { model, logits: true });
    assert.deepEqual(logits, (await classify(clip, { model, logits: true })).logits);
    assert.deepEqual((await embed(url, { model })).data, (await embed(clip, { model })).data);
    assert.equal(requests.length, 3);
    for (const { method, headers } of requests)
      assert.deepEqual([method, headers['accept-encoding']], ['GET', 'identity']);
  });

  it('is asked for by URL objects only', async () => {
    await rejectsWith(readFrames(at('/clip.mp4').href), 'INVALID_ARGUMENT', /pass new URL/);
    assert.equal(requests.length, 0);
  });

  it('is the one that the URL named when the call was made', async () => {
    const url = at('/clip.mp4');
    const frames = readFrames(url);
    url.pathname = '/missing';
    assert.deepEqual((await frames).timestamps, expected.timestamps);
  });

  for (const [path, message] of [
    ['/hops/0', /it redirects more than 10 times/],
    ['/loop', /it redirects more than 10 times/],
    ['/nowhere', /it redirects \(302\) to nowhere/],
    ['/to-file', /it redirects to file:, and only http: and https: are fetched/],
    ['/to-ftp', /it redirects to ftp:, and only http: and https: are fetched/],
    ['/to-password', /it redirects to an address with a user name or password/],
    ['/missing?token=secret', /the server answered 404 Not Found\. Check the address/],
    ['/broken', /the server answered 500 Out of Order/],
  ] as const) {
    it(`is refused from ${path}: READ_FAILED`, async () => {
      const error = await rejectsWith(readFrames(at(path)), 'READ_FAILED', message);
      assert.match(error.message, /^Cannot fetch 'http:\/\/127\.0\.0\.1:\d+\/[^?]*': /);
      assert.doesNotMatch(error.message, /secret/);
      assert.match(error.stack?.split('\n    at ')[1] ?? '', /inputs-http\.test/);
    });
  }

  it('follows ten redirects and not eleven', async () => {
    await readFrames(at('/hops/1'));
    assert.equal(requests.length, 11);
    await rejectsWith(readFrames(at('/hops/0')), 'READ_FAILED', /more than 10 times/);
    assert.equal(requests.length, 11 + 11);
  });

  for (const path of ['/cut', '/cut-chunked']) {
    it(`that breaks off (${path}): READ_FAILED with the cause`, async () => {
      const error = await rejectsWith(readFrames(at(path)), 'READ_FAILED', /^Cannot read 'http:.*': it broke off/);
      assert.ok(error.cause instanceof Error);
    });
  }

  it('that nobody serves: READ_FAILED with the cause', async () => {
    const error = await rejectsWith(readFrames(new URL('http://127.0.0.1:1/')), 'READ_FAILED', /ECONNREFUSED|bad port/);
    assert.ok(error.cause instanceof Error);
    await rejectsWith(
      readFrames(new URL('http://name.invalid/')),
      'READ_FAILED',
      /^Cannot fetch 'http:\/\/name\.invalid\//,
    );
  });

  it('that is no video: NOT_A_VIDEO', async () => {
    await rejectsWith(readFrames(at('/text')), 'NOT_A_VIDEO', /^'http:.*\/text' is not a video/);
    await rejectsWith(readFrames(at('/empty')), 'NOT_A_VIDEO', /\/empty' is empty/);
  });

  it('may have as many bytes as the limit allows, announced or not', async () => {
    for (const path of ['/clip.mp4', '/chunked']) {
      await readFrames(at(path), { limits: { bytes: bytes.length } });
      const one = readFrames(at(path), { limits: { bytes: bytes.length - 1 } });
      await rejectsWith(
        one,
        'LIMIT_EXCEEDED',
        new RegExp(`${bytes.length} bytes; the limit is ${bytes.length - 1}\\.`),
      );
    }
    await rejectsWith(
      readFrames(at('/huge')),
      'LIMIT_EXCEEDED',
      /has 1125899906842624 bytes; the limit is 17179869184/,
    );
    const endless = readFrames(at('/endless'), { limits: { bytes: 1e6 } });
    await rejectsWith(endless, 'LIMIT_EXCEEDED', /has at least \d+ bytes; the limit is 1000000\./);
  });

  for (const path of ['/silent', '/stalled']) {
    it(`that stalls (${path}) ends within 100 ms of an abort and of the time limit`, async () => {
      const aborted = await bestOf(5, async () => {
        const controller = new AbortController();
        const work = readFrames(at(path), { signal: controller.signal });
        await until(() => open.size === 1 && (path === '/silent' || temporaryFiles() === 1), 'the answer has begun');
        const start = performance.now();
        const reason = new Error('enough');
        controller.abort(reason);
        await assert.rejects(work, (error) => error === reason);
        const late = performance.now() - start;
        await until(() => open.size === 0, 'the request has ended');
        return late;
      });
      assert.ok(aborted < 100, `${aborted} ms after the abort`);
      const timedOut = await bestOf(5, async () => {
        const start = performance.now();
        await rejectsWith(readFrames(at(path), { timeoutMs: 100 }), 'TIMEOUT', /'timeoutMs' allows, 100 ms/);
        return performance.now() - start - 100;
      });
      assert.ok(timedOut < 100, `${timedOut} ms after the time limit`);
    });
  }
});
