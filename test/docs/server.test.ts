import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { type ClientRequest, type IncomingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';

import { inRoot } from '../support/paths';
import { suiteFolder } from '../support/temp';

const clip = readFileSync(inRoot('samples', 'zoom-in.mp4'));
const page = readFileSync(inRoot('docs', 'server.md'), 'utf8');

interface Answer {
  status: number | undefined;
  headers: IncomingHttpHeaders;
  body: { error?: string; predictions?: { label: string }[] };
}

describe('the server in docs/server.md', () => {
  const folder = suiteFolder('server');
  const servers: ChildProcess[] = [];

  before(async () => {
    await mkdir(join(folder(), 'node_modules'));
    await symlink(inRoot(), join(folder(), 'node_modules', 'tubelet'));
  });
  after(() => {
    for (const server of servers) server.kill('SIGKILL');
  });

  /** Runs the recipe on any port, with other figures in place of its own. */
  async function start(figures: Record<string, string> = {}): Promise<{ port: number; server: ChildProcess }> {
    let [, recipe = ''] = /^```js\n(.*?)^```$/ms.exec(page) ?? [];
    const changes = {
      ...figures,
      'server.listen(8080)': 'server.listen(0, () => process.send(server.address().port))',
    };
    for (const [from, to] of Object.entries(changes)) {
      assert.ok(recipe.includes(from), from);
      recipe = recipe.replace(from, to);
    }
    const script = join(folder(), `server-${servers.length}.mjs`);
    await writeFile(script, recipe);
    const server = fork(script, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    servers.push(server);
    const [port] = (await once(server, 'message')) as [number];
    server.disconnect();
    return { port, server };
  }

  function begin(port: number, headers = {}): { upload: ClientRequest; answer: Promise<Answer> } {
    const upload = request({ port, method: 'POST', agent: false, headers });
    const answer = new Promise<Answer>((resolve, reject) => {
      upload.once('error', reject);
      upload.once('response', (response) => {
        const { statusCode: status, headers } = response;
        json(response).then((body) => {
          resolve({ status, headers, body: body as Answer['body'] });
        }, reject);
      });
    });
    return { upload, answer };
  }

  function post(port: number, body: Buffer): Promise<Answer> {
    const { upload, answer } = begin(port);
    upload.end(body);
    return answer;
  }

  it('classifies, refuses what is no video and what is too large, and outlives clients that leave', async () => {
    const { port } = await start({ 'bytes: 100e6': `bytes: ${clip.length}` });
    const good = await post(port, clip);
    assert.equal(good.status, 200);
    assert.equal(good.body.predictions?.[0]?.label, 'zoom in');

    const text = await post(port, Buffer.from('hello'));
    assert.deepEqual([text.status, text.body], [415, { error: 'NOT_A_VIDEO' }]);
    const cut = await post(port, clip.subarray(0, clip.length / 2));
    assert.deepEqual([cut.status, cut.body], [422, { error: 'TRUNCATED_VIDEO' }]);
    const large = await post(port, Buffer.concat([clip, Buffer.alloc(4 << 20)]));
    assert.deepEqual([large.status, large.body], [413, { error: 'LIMIT_EXCEEDED' }]);

    const { upload, answer } = begin(port);
    upload.write(clip.subarray(0, clip.length / 2));
    await once(upload, 'socket');
    upload.destroy();
    await assert.rejects(answer);
    assert.equal((await post(port, clip)).status, 200);
  });

  it('answers 503 when its queue is full', async () => {
    const { port } = await start({ 'maxQueue: 16': 'maxQueue: 0' });
    let busy: Answer | undefined;
    while (busy === undefined) {
      const answers = await Promise.all(Array.from({ length: 10 }, () => post(port, clip)));
      for (const { status } of answers) assert.ok(status === 200 || status === 503);
      busy = answers.find(({ status }) => status === 503);
    }
    assert.deepEqual([busy.body, busy.headers['retry-after']], [{ error: 'BUSY' }, '2']);
  });

  it('answers 503 when there is no time', async () => {
    const { port } = await start({ 'timeoutMs: 30_000': 'timeoutMs: 1' });
    const { status, body, headers } = await post(port, clip);
    assert.deepEqual([status, body, headers['retry-after']], [503, { error: 'TIMEOUT' }, '2']);
  });

  it('answers what has begun when it is told to end, and then ends', async () => {
    const { port, server } = await start();
    const { upload, answer } = begin(port, { expect: '100-continue' });
    upload.flushHeaders();
    await once(upload, 'continue'); // the server has the request
    server.kill('SIGTERM');
    upload.end(clip);
    assert.equal((await answer).status, 200);
    assert.deepEqual(await once(server, 'exit'), [0, null]);
  });
});
