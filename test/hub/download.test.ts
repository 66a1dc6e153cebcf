import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdir, mkdtemp, readFile, readdir, readlink, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { DownloadProgress } from '#lib/hub/blob';
import { locate } from '#lib/checkpoints/locate';

import { ownEnvironment } from '../support/environment';
import { FakeHub, type Mischief } from '../support/hub';
import { rejectsWith } from '../support/rejects';
import { suiteFolder } from '../support/temp';
import { until } from '../support/waiting';

const large = randomBytes(3_000_000);
const small = { 'config.json': Buffer.from('{"a":1}'), 'preprocessor_config.json': Buffer.from('{"b":2}') };

describe('a download from the hub', () => {
  const suite = suiteFolder('hub');
  const hub = new FakeHub();
  let cache = '';
  let repository = '';

  ownEnvironment(suite);
  before(() => hub.start());
  after(() => {
    hub.stop();
  });
  beforeEach(async () => {
    hub.reset();
    hub.commit = '0123456789abcdef0123456789abcdef01234567';
    hub.files = { ...small, 'README.md': Buffer.from('# x'), 'model.safetensors': large };
    cache = await mkdtemp(join(suite(), 'cache-'));
    repository = join(cache, 'models--org--name');
    process.env['HF_HUB_CACHE'] = cache;
    process.env['HF_ENDPOINT'] = hub.endpoint;
  });

  /** Everything below the repository and its locks, but what is under its final name. */
  async function leftovers(): Promise<string[]> {
    const all = await readdir(cache, { recursive: true });
    return all.filter((name) => /\.incomplete$|\.lock|\/\./.test(name) && !name.endsWith('.locks'));
  }

  const leavesNothing = async (): Promise<void> => {
    const left = (await leftovers()).filter((name) => !name.endsWith('models--org--name'));
    assert.deepEqual(left, []);
  };

  /** Answers a GET of the weights in the store in this way, and all else as usual. */
  function inStore(answer: (response: ServerResponse, from: number, time: number) => boolean): Mischief {
    let time = 0;
    return (request, response, path) => {
      if (!path.startsWith('store ') || request.method !== 'GET') return false;
      return answer(response, Number(/\d+/.exec(request.headers.range ?? '0')), time++);
    };
  }

  const cutAt = (length: number): Mischief =>
    inStore((response, from) => {
      if (from > 0) return false;
      response.writeHead(200, { 'content-length': large.length }).write(large.subarray(0, length), () => {
        setTimeout(() => response.destroy(), 20);
      });
      return true;
    });

  it('lays out the files as huggingface_hub does, only those that are needed', async () => {
    const { name, revision, folder } = await locate('org/name');
    assert.deepEqual([name, revision], ['org/name', hub.commit]);
    assert.equal(folder, join(repository, 'snapshots', hub.commit));
    assert.deepEqual((await readdir(folder)).sort(), ['config.json', 'model.safetensors', 'preprocessor_config.json']);
    for (const file of await readdir(folder)) {
      assert.equal(await readlink(join(folder, file)), `../../blobs/${hub.etag(file)}`);
      assert.deepEqual(await readFile(join(folder, file)), hub.files[file]);
    }
    assert.equal((await readdir(join(repository, 'blobs'))).length, 3);
    assert.equal(await readFile(join(repository, 'refs', 'main'), 'utf8'), hub.commit);
    await leavesNothing();
  });

  it('asks nothing when all is there', async () => {
    await locate('org/name');
    hub.reset();
    hub.commit = 'f'.repeat(40); // the branch has moved on
    assert.equal((await locate('org/name')).revision, '0123456789abcdef0123456789abcdef01234567');
    await locate('org/name@0123456789abcdef0123456789abcdef01234567');
    assert.deepEqual(hub.asked, []);
  });

  it('fetches what is lacking, and no blob that is there', async () => {
    await locate('org/name');
    hub.reset();
    await locate('org/name@v1');
    assert.deepEqual(hub.lines, ['GET api/models/org/name/revision/v1']);
    assert.equal(await readFile(join(repository, 'refs', 'v1'), 'utf8'), hub.commit);

    hub.reset();
    hub.commit = 'f'.repeat(40);
    hub.files['config.json'] = Buffer.from('{"a":2}');
    const { folder } = await locate('org/name@refs/pr/1');
    assert.deepEqual(await readFile(join(folder, 'config.json'), 'utf8'), '{"a":2}');
    assert.equal(hub.lines.filter((line) => line.startsWith('GET store') || line.startsWith('store GET')).length, 0);
    assert.equal((await stat(join(repository, 'refs', 'refs', 'pr', '1'))).size, 40);
  });

  for (const [title, files, expected] of [
    ['safetensors before .bin', ['model.safetensors', 'pytorch_model.bin'], ['model.safetensors']],
    ['.bin where there is nothing else', ['pytorch_model.bin', 'tf_model.h5'], ['pytorch_model.bin']],
    [
      'every name of the preprocessor',
      ['model.safetensors', 'video_preprocessor_config.json', 'processor_config.json', 'tokenizer_config.json'],
      ['model.safetensors', 'processor_config.json', 'video_preprocessor_config.json'],
    ],
  ] as const) {
    it(`takes ${title}`, async () => {
      hub.files = { ...small, ...Object.fromEntries(files.map((name) => [name, randomBytes(10)])) };
      const { folder } = await locate('org/name');
      assert.deepEqual((await readdir(folder)).sort(), [...Object.keys(small), ...expected].sort());
    });
  }

  it('takes the shards that an index names', async () => {
    const index = { weight_map: { a: 'm-2.safetensors', b: 'm-1.safetensors', c: 'm-2.safetensors' } };
    const parts = { 'm-1.safetensors': randomBytes(10), 'm-2.safetensors': randomBytes(20), 'm-3.safetensors': large };
    hub.files = { ...small, 'model.safetensors.index.json': Buffer.from(JSON.stringify(index)), ...parts };
    const { folder } = await locate('org/name');
    const expected = ['config.json', 'm-1.safetensors', 'm-2.safetensors', 'model.safetensors.index.json'];
    assert.deepEqual((await readdir(folder)).sort(), [...expected, 'preprocessor_config.json']);
  });

  it('takes no shard whose name leads out of the folder', async () => {
    const index = { weight_map: { a: '../../../../x.safetensors' } };
    hub.files = { ...small, 'model.safetensors.index.json': Buffer.from(JSON.stringify(index)) };
    await rejectsWith(locate('org/name'), 'MODEL_INVALID', /'weight_map' must map tensors/);
  });

  it('is refused for a repository that is no checkpoint, before anything is fetched', async () => {
    hub.files = { 'config.json': small['config.json'], 'model.onnx': large };
    await rejectsWith(locate('org/name'), 'MODEL_INVALID', /is not a transformers checkpoint: it has no weights/);
    hub.files = { 'model.safetensors': large };
    await rejectsWith(locate('org/name'), 'MODEL_INVALID', /it has no config\.json/);
    assert.equal(hub.asked.length, 2);
    assert.deepEqual(await readdir(cache), []);
  });

  it('sends the token to the hub and to nobody else', async () => {
    process.env['HF_TOKEN'] = ' hf_secret\n';
    await locate('org/name');
    for (const { line, authorization } of hub.asked) {
      assert.equal(authorization, line.startsWith('store') ? undefined : 'Bearer hf_secret', line);
    }
    assert.ok(hub.lines.some((line) => line.startsWith('store GET')));
  });

  it('finds the token where Hugging Face keeps it', async () => {
    const home = await mkdtemp(join(suite(), 'home-'));
    process.env['HF_HOME'] = home;
    const first = async (): Promise<string | undefined> => {
      hub.reset();
      await rejectsWith(locate('org/none'), 'MODEL_NOT_FOUND', /no 'org\/none'/);
      return hub.asked[0]?.authorization;
    };
    assert.equal(await first(), undefined);
    await writeFile(join(home, 'token'), 'hf_home\n');
    assert.equal(await first(), 'Bearer hf_home');
    process.env['HF_TOKEN_PATH'] = join(home, 'other');
    await writeFile(join(home, 'other'), 'hf_path');
    assert.equal(await first(), 'Bearer hf_path');
    process.env['HF_TOKEN'] = 'hf_env';
    assert.equal(await first(), 'Bearer hf_env');
    process.env['HF_TOKEN'] = 'hf_sec\nret';
    const { message } = await rejectsWith(locate('org/none'), 'INVALID_ARGUMENT', /HF_TOKEN must hold a token/);
    assert.doesNotMatch(message, /ret'/);
  });

  for (const endpoint of ['hub', 'file:///etc', 'http://user:secret@localhost/']) {
    it(`is refused with HF_ENDPOINT=${endpoint}`, async () => {
      process.env['HF_ENDPOINT'] = endpoint;
      const { message } = await rejectsWith(locate('org/name'), 'INVALID_ARGUMENT', /HF_ENDPOINT must be an address/);
      assert.doesNotMatch(message, /secret/);
    });
  }

  const refuse =
    (status: number, code?: string): Mischief =>
    (_request, response) => {
      response.writeHead(status, code === undefined ? {} : { 'x-error-code': code }).end();
      return true;
    };

  for (const [title, mischief, code, message] of [
    ['401', refuse(401), 'ACCESS_DENIED', /refused 'org\/name' \(401\)\. No token was sent: set .* HF_TOKEN/],
    ['403', refuse(403), 'ACCESS_DENIED', /refused 'org\/name' \(403\)/],
    ['gated', refuse(403, 'GatedRepo'), 'ACCESS_DENIED', /is gated\. Open http:.*\/org\/name, accept its conditions/],
    ['unknown', refuse(401, 'RepoNotFound'), 'MODEL_NOT_FOUND', /no 'org\/name' on http:.*: check the spelling; if it/],
    ['404', refuse(404), 'MODEL_NOT_FOUND', /is not at 'http:.*' \(404\)/],
    ['418', refuse(418), 'DOWNLOAD_FAILED', /answered 418/],
  ] as const) {
    it(`that is answered ${title}: ${code} with plain advice`, async () => {
      hub.mischief = mischief;
      await rejectsWith(locate('org/name'), code, message);
      assert.equal(hub.asked.length, 1);
    });
  }

  it('of a revision that is not there: MODEL_NOT_FOUND', async () => {
    await rejectsWith(locate('org/name@v9'), 'MODEL_NOT_FOUND', /has no revision 'v9'\. What there is stands at http/);
  });

  it('with a token that does not suffice says so', async () => {
    process.env['HF_TOKEN'] = 'hf_x';
    hub.mischief = refuse(403);
    await rejectsWith(locate('org/name'), 'ACCESS_DENIED', /token that was sent is wrong, has expired or may not/);
    hub.mischief = refuse(403, 'GatedRepo');
    await rejectsWith(locate('org/name'), 'ACCESS_DENIED', /token's owner has not been granted access/);
  });

  for (const status of [429, 503]) {
    it(`waits as long as a busy hub asks (${status})`, async () => {
      let times = 0;
      hub.mischief = (_request, response) => {
        if (times++ > 0) return false;
        response.writeHead(status, { 'retry-after': '1' }).end();
        return true;
      };
      const start = performance.now();
      await locate('org/name');
      assert.ok(performance.now() - start >= 990);
    });
  }

  it('does not wait for an hour', async () => {
    hub.mischief = (_request, response) => {
      response.writeHead(429, { 'retry-after': '3600' }).end();
      return true;
    };
    await rejectsWith(locate('org/name'), 'DOWNLOAD_FAILED', /answered 429 Too Many Requests\. Try again in 3600 s/);
    assert.equal(hub.asked.length, 1);
    hub.reset();
    hub.mischief = (_request, response) => {
      response.writeHead(503, { 'retry-after': new Date(Date.now() + 600_000).toUTCString() }).end();
      return true;
    };
    await rejectsWith(locate('org/name'), 'DOWNLOAD_FAILED', /Try again in (599|600) s/);
  });

  it('is given up after two tries where nothing answers from the first request on', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    await new Promise((done) => closed.close(done));
    process.env['HF_ENDPOINT'] = `http://127.0.0.1:${port}`;
    const { message } = await rejectsWith(locate('org/name'), 'DOWNLOAD_FAILED', /ECONNREFUSED/);
    assert.match(message, /Check the network\b/);
    assert.deepEqual(hub.lines, []);
  });

  it('is given up after five tries', async () => {
    hub.mischief = inStore((response) => {
      response.destroy();
      return true;
    });
    const { message, cause } = await rejectsWith(
      locate('org/name'),
      'DOWNLOAD_FAILED',
      /does not answer .* tried 5 times/,
    );
    assert.match(message, /^Cannot download model\.safetensors from 127/);
    assert.ok(cause instanceof Error);
    assert.equal(hub.lines.filter((line) => line.startsWith('store')).length, 5);
  });

  it('goes on where a cut connection ended, as often as it takes', async () => {
    hub.mischief = inStore((response, from) => {
      const end = Math.min(from + 300_000, large.length);
      const headers = { 'content-range': `bytes ${from}-${large.length - 1}/${large.length}` };
      response.writeHead(from === 0 ? 200 : 206, { ...headers, 'content-length': large.length - from });
      response.write(large.subarray(from, end), () => {
        if (end === large.length) response.end();
        else setTimeout(() => response.destroy(), 20);
      });
      return true;
    });
    const { folder } = await locate('org/name');
    assert.deepEqual(await readFile(join(folder, 'model.safetensors')), large);
    const ranges = hub.asked.filter(({ line }) => line.startsWith('store')).map(({ range }) => range);
    assert.equal(ranges[0], undefined);
    assert.ok(ranges.length >= 10, ranges.join());
    assert.ok(
      ranges.slice(1).every((range) => /^bytes=[1-9]\d*-$/.test(range ?? '')),
      ranges.join(),
    );
    await leavesNothing();
  });

  it('goes on where a connection brings nothing any more', async () => {
    const stall = inStore((response, from) => {
      if (from > 0) return false;
      response.writeHead(200, { 'content-length': large.length }).write(large.subarray(0, 1_000_000));
      return true;
    });
    let isFirst = true;
    hub.mischief = (request, response, path) => {
      const isSilent = isFirst;
      isFirst = false;
      return isSilent || stall(request, response, path);
    };
    const start = performance.now();
    const { folder } = await locate('org/name');
    assert.deepEqual(await readFile(join(folder, 'model.safetensors')), large);
    assert.ok(performance.now() - start > 20_000, 'ten seconds twice');
    assert.equal(hub.lines.filter((line) => line.startsWith('GET api/')).length, 2);
  });

  it('asks again where the description of a model is cut', async () => {
    let times = 0;
    hub.mischief = (_request, response, path) => {
      if (!path.startsWith('api/') || times++ > 0) return false;
      response
        .writeHead(200, { 'content-length': 1000 })
        .write('{"sha":', () => setTimeout(() => response.destroy(), 20));
      return true;
    };
    assert.equal((await locate('org/name')).revision, hub.commit);
    assert.equal(times, 2);
  });

  it('begins anew with a server that knows no ranges', async () => {
    let first = true;
    hub.mischief = inStore((response) => {
      response.writeHead(200, { 'content-length': large.length });
      if (first) response.write(large.subarray(0, 1_000_000), () => setTimeout(() => response.destroy(), 20));
      else response.end(large);
      first = false;
      return true;
    });
    const { folder } = await locate('org/name');
    assert.deepEqual(await readFile(join(folder, 'model.safetensors')), large);
  });

  const changed = Buffer.from(large);
  changed[2_000_000]! ^= 1;
  for (const [title, answer] of [
    ['one bit', (response) => response.writeHead(200).end(changed)],
    ['more', (response) => response.writeHead(200).end(Buffer.concat([large, large]))],
    [
      'another part',
      (response) =>
        response
          .writeHead(206, { 'content-range': `bytes 5-${large.length - 1}/${large.length}` })
          .end(large.subarray(5)),
    ],
  ] as [string, (response: ServerResponse) => void][]) {
    it(`refuses wrong bytes (${title}) and keeps nothing of them`, async () => {
      hub.mischief = inStore((response) => {
        answer(response);
        return true;
      });
      await rejectsWith(
        locate('org/name'),
        'DOWNLOAD_FAILED',
        /model\.safetensors: what 127.* sent is not what the hub/,
      );
      assert.deepEqual((await readdir(join(repository, 'snapshots', hub.commit))).length, 2);
      assert.ok(!(await readdir(repository)).includes('refs'));
      assert.equal((await readdir(join(repository, 'blobs'))).length, 2);
      await leavesNothing();
    });
  }

  it('refuses a small file whose bytes are wrong', async () => {
    hub.mischief = (request, response, path) => {
      if (request.method !== 'GET' || path !== 'resolve-cache/config.json') return false;
      response.end('{"a":9}');
      return true;
    };
    await rejectsWith(locate('org/name'), 'DOWNLOAD_FAILED', /Cannot download config\.json: what/);
    assert.deepEqual(await readdir(join(repository, 'blobs')), []);
  });

  it('repairs what has rotted in what was kept', async () => {
    const partial = join(repository, 'blobs', `${hub.etag('model.safetensors')}.tubelet-1.incomplete`);
    await mkdir(join(repository, 'blobs'), { recursive: true });
    await writeFile(partial, changed.subarray(0, 2_500_000));
    const { folder } = await locate('org/name');
    assert.deepEqual(await readFile(join(folder, 'model.safetensors')), large);
    await leavesNothing();
  });

  for (const [title, kept, requests] of [
    ['whole', large, 0],
    ['longer than it can be', Buffer.concat([large, large]), 1],
  ] as const) {
    it(`makes the best of what was kept when that is ${title}`, async () => {
      await mkdir(join(repository, 'blobs'), { recursive: true });
      await writeFile(join(repository, 'blobs', `${hub.etag('model.safetensors')}.tubelet-1.incomplete`), kept);
      const onProgress = ({ received, total }: DownloadProgress): void => {
        assert.ok(received <= total);
      };
      const { folder } = await locate('org/name', { onProgress });
      assert.deepEqual(await readFile(join(folder, 'model.safetensors')), large);
      assert.equal(hub.lines.filter((line) => line.startsWith('store GET')).length, requests);
      await leavesNothing();
    });
  }

  it('replaces a blob that was cut short', async () => {
    await mkdir(join(repository, 'blobs'), { recursive: true });
    await writeFile(join(repository, 'blobs', hub.etag('model.safetensors')), large.subarray(0, 100));
    const { folder } = await locate('org/name');
    assert.deepEqual(await readFile(join(folder, 'model.safetensors')), large);
  });

  it('takes size and hash from a redirect that names them', async () => {
    hub.mischief = (request, response, path) => {
      if (request.method !== 'HEAD' || path.endsWith('.safetensors')) return false;
      const name = path.split('/').at(-1)!;
      const size = hub.files[name]!.length;
      response.writeHead(307, { location: '/nowhere', 'x-linked-etag': hub.etag(name), 'x-linked-size': size }).end();
      return true;
    };
    const { folder } = await locate('org/name');
    assert.deepEqual(await readFile(join(folder, 'config.json')), hub.files['config.json']);
  });

  it('needs a size and a hash to check by', async () => {
    hub.mischief = (request, response) => {
      if (request.method !== 'HEAD') return false;
      response.writeHead(200, { etag: '"../../x"', 'content-length': 7 }).end();
      return true;
    };
    await rejectsWith(locate('org/name'), 'DOWNLOAD_FAILED', /gives no size and hash to check the file by/);
  });

  for (const body of ['<html>', '[]', '{"sha":"../..","siblings":[]}', '{"sha":1}']) {
    it(`refuses a hub that talks nonsense: ${body}`, async () => {
      hub.mischief = (_request, response) => {
        response.end(body);
        return true;
      };
      await rejectsWith(locate('org/name'), 'DOWNLOAD_FAILED', /does not describe that model\. Is HF_ENDPOINT a hub\?/);
    });
  }

  it('refuses another commit than the one that was named', async () => {
    await rejectsWith(locate(`org/name@${'e'.repeat(40)}`), 'DOWNLOAD_FAILED', /does not describe that model/);
  });

  it('does not follow redirects for ever, nor to other protocols', async () => {
    hub.mischief = (request, response) => {
      response.writeHead(302, { location: request.url }).end();
      return true;
    };
    await rejectsWith(locate('org/name'), 'DOWNLOAD_FAILED', /redirects more than 10 times/);
    hub.mischief = (_request, response) => {
      response.writeHead(302, { location: 'file:///etc/passwd' }).end();
      return true;
    };
    await rejectsWith(
      locate('org/name'),
      'DOWNLOAD_FAILED',
      /redirects to file:, and only http: and https: are fetched/,
    );
  });

  it('that there is no room for: WRITE_FAILED before it begins', async () => {
    hub.mischief = (request, response, path) => {
      if (request.method !== 'HEAD' || !path.endsWith('model.safetensors')) return false;
      response.writeHead(302, {
        location: 'http://localhost:1/',
        'x-linked-etag': `"${'a'.repeat(64)}"`,
        'x-linked-size': 2 ** 50,
      });
      response.end();
      return true;
    };
    await rejectsWith(locate('org/name'), 'WRITE_FAILED', /no room for model\.safetensors \(1125899906842624 bytes\)/);
    await leavesNothing();
  });

  it('into a cache that is no folder: WRITE_FAILED', async () => {
    process.env['HF_HUB_CACHE'] = join(cache, 'file');
    await writeFile(join(cache, 'file'), '');
    await rejectsWith(locate('org/name'), 'WRITE_FAILED', /Cannot write 'org\/name' to the cache .*HF_HUB_CACHE/);
  });

  it('says how far it has come, what was kept from before included', async () => {
    const progress: DownloadProgress[] = [];
    hub.mischief = cutAt(1_000_000);
    const { folder } = await locate('org/name', { onProgress: (state) => progress.push(state) });
    assert.equal((await stat(join(folder, 'model.safetensors'))).size, large.length);
    assert.deepEqual(progress[0], { file: 'config.json', received: 0, total: 7 });
    const weights = progress.filter(({ file }) => file === 'model.safetensors').map(({ received }) => received);
    assert.equal(weights[0], 0);
    assert.ok(weights.every((value, index) => index === 0 || value >= weights[index - 1]!));
    assert.equal(weights.at(-1), large.length);
    assert.ok(weights.length > 3);
  });

  for (const [title, stall] of [
    ['the first answer', (_request, _response, path) => path.startsWith('api/')],
    ['the weights', inStore((response) => response.writeHead(200).write(large.subarray(0, 1_000_000)) || true)],
  ] as [string, Mischief][]) {
    it(`that is aborted while it waits for ${title} ends within 100 ms, and goes on later`, async () => {
      hub.mischief = stall;
      const controller = new AbortController();
      let received = 0;
      const onProgress = (state: DownloadProgress): void => {
        if (state.file === 'model.safetensors') received = state.received;
      };
      const work = locate('org/name', { signal: controller.signal, onProgress });
      const isStalled = (): boolean => hub.asked.length === 1 && title === 'the first answer';
      await until(() => isStalled() || received === 1_000_000, 'it waits');
      await new Promise((resolve) => setTimeout(resolve, 50));
      const start = performance.now();
      controller.abort();
      await assert.rejects(work);
      assert.ok(performance.now() - start < 100);

      hub.reset();
      const { folder } = await locate('org/name');
      assert.deepEqual(await readFile(join(folder, 'model.safetensors')), large);
      const [get] = hub.asked.filter(({ line }) => line.startsWith('store'));
      assert.equal(get?.range, title === 'the weights' ? 'bytes=1000000-' : undefined);
      await leavesNothing();
    });
  }

  it('happens once for all who want it at the same time', async () => {
    await Promise.all(Array.from({ length: 5 }, () => locate('org/name')));
    assert.equal(hub.lines.filter((line) => line.startsWith('store GET')).length, 1);
    await leavesNothing();
  });

  it('is not asked for where a folder of that name is meant', async () => {
    await rejectsWith(locate('test/lib'), 'MODEL_NOT_FOUND', /For the folder of that name write '\.\/test\/lib'/);
    assert.deepEqual(hub.asked, []);
  });
});
