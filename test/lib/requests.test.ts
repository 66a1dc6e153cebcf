import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';

import { TubeletError, probe } from '#lib/index';

import { temporaryFiles } from '../support/descriptors';
import { until } from '../support/waiting';

type Answer = (request: IncomingMessage) => Promise<unknown>;

/**
 * Sends the head and half of a request, and the rest at once or, where the client stalls, when it has been answered.
 *
 * @returns The answer, once the connection has served another request: the first one was read to its end.
 */
async function upload(port: number, size: number, stalls: boolean): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
  socket.write(`POST / HTTP/1.1\r\nhost: test\r\ncontent-length: ${size}\r\n\r\n`);
  const half = Buffer.alloc(size / 2, 'x');
  socket.write(half);
  if (!stalls) socket.write(half);
  await until(() => text.includes('\r\n\r\n') && text.includes('}'), 'the answer is there');
  if (stalls) socket.write(half);
  socket.write('GET /again HTTP/1.1\r\nhost: test\r\n\r\n');
  await until(() => text.endsWith('again'), 'the connection serves another request');
  socket.destroy();
  return text;
}

describe('a request to a server', function () {
  this.timeout(60_000);
  let server: Server;
  let answer: Answer;
  let received: IncomingMessage | undefined;

  before(async () => {
    server = createServer((request, response) => {
      if (request.url === '/again') {
        response.end('again');
        return;
      }
      received = request;
      void answer(request).catch((error: unknown) => {
        const code = error instanceof TubeletError ? error.code : String(error);
        response.writeHead(code === 'LIMIT_EXCEEDED' ? 413 : 422).end(JSON.stringify({ code }));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const large = 8 << 20;
  const cases: Record<string, { call: Answer; stalls?: boolean; status: number; code: string }> = {
    'the limit is passed': {
      call: (video) => probe(video, { limits: { bytes: 1000 } }),
      status: 413,
      code: 'LIMIT_EXCEEDED',
    },
    'it is no video': { call: (video) => probe(video), status: 422, code: 'NOT_A_VIDEO' },
    'the time is up': { call: (video) => probe(video, { timeoutMs: 100 }), stalls: true, status: 422, code: 'TIMEOUT' },
    'the call is aborted': {
      call: (video) => {
        const controller = new AbortController();
        setTimeout(() => {
          controller.abort(new Error('left'));
        }, 100);
        return probe(video, { signal: controller.signal });
      },
      stalls: true,
      status: 422,
      code: 'Error: left',
    },
  };
  for (const [when, { call, stalls = false, status, code }] of Object.entries(cases)) {
    it(`is answered and read off when ${when}`, async () => {
      answer = call;
      const text = await upload((server.address() as AddressInfo).port, large, stalls);
      assert.match(text, new RegExp(`^HTTP/1.1 ${status} `));
      assert.ok(text.includes(JSON.stringify({ code })), text);
      assert.equal(received?.readableLength, 0);
      await until(() => temporaryFiles() === 0, 'the temporary files are closed');
    });
  }
});
