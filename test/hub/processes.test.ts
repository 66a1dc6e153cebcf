import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { mkdtemp, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { locate } from '#lib/checkpoints/locate';

import { runChild } from '../process/child';
import { ownEnvironment } from '../support/environment';
import { FakeHub } from '../support/hub';
import { inRoot } from '../support/paths';
import { python } from '../support/python';
import { suiteFolder } from '../support/temp';
import { until } from '../support/waiting';

const large = randomBytes(3_000_000);
const files = ['config.json', 'preprocessor_config.json', 'model.safetensors'];

interface Found {
  snapshot: string;
  files: string[];
  warnings: string[];
  repositories: [string, number, string[]][];
}

describe('the cache, shared by processes', function () {
  this.timeout(120_000);
  const suite = suiteFolder('hub-processes');
  const hub = new FakeHub();
  let cache = '';

  ownEnvironment(suite);
  before(() => hub.start());
  after(() => {
    hub.stop();
  });
  beforeEach(async () => {
    hub.reset();
    hub.files = {
      'config.json': await readFile(inRoot('models', 'motion-videomae', 'config.json')),
      'preprocessor_config.json': await readFile(inRoot('models', 'motion-videomae', 'preprocessor_config.json')),
      'model.safetensors': large,
    };
    cache = await mkdtemp(join(suite(), 'cache-'));
    process.env['HF_HUB_CACHE'] = cache;
    process.env['HF_ENDPOINT'] = hub.endpoint;
  });

  const storeGets = (): (string | undefined)[] =>
    hub.asked.filter(({ line }) => line.startsWith('store GET')).map(({ range }) => range ?? 'all');

  /** The store sends so many bytes at once and the rest after a while, or never. */
  function stallAfter(bytes: number, restAfter?: number): void {
    hub.mischief = (_request, response: ServerResponse, path) => {
      if (!path.startsWith('store ')) return false;
      response.writeHead(200, { 'content-length': large.length }).write(large.subarray(0, bytes));
      if (restAfter !== undefined) setTimeout(() => response.end(large.subarray(bytes)), restAfter);
      return true;
    };
  }

  async function huggingFace(action: 'find' | 'fetch', revision: string, names = files): Promise<Found> {
    const script = inRoot('test', 'reference', 'hub_cache.py');
    const env = {
      ...process.env,
      PYTHONDONTWRITEBYTECODE: '1',
      HF_HUB_DISABLE_PROGRESS_BARS: '1',
      HF_HUB_DISABLE_XET: '1',
    };
    const args = [script, action, cache, 'org/name', revision, ...names];
    return JSON.parse((await promisify(execFile)(python, args, { env })).stdout) as Found;
  }

  it('is one that huggingface_hub finds everything in', async () => {
    const { folder } = await locate('org/name');
    await locate('org/name@refs/pr/1');
    hub.reset();
    const found = await huggingFace('find', 'main');
    assert.equal(found.snapshot, folder);
    assert.deepEqual(
      found.files,
      files.map((file) => join(folder, file)),
    );
    assert.deepEqual(found.warnings, []);
    assert.deepEqual(found.repositories, [['org/name', 3, ['main', 'refs/pr/1']]]);
    assert.deepEqual(hub.asked, []);
    await huggingFace('fetch', 'v1');
    const fetched = hub.lines.filter((line) => /^(GET org|GET resolve|store )/.test(line));
    assert.deepEqual(fetched, []);
  });

  it('gives what huggingface_hub fetched, without a request', async () => {
    const found = await huggingFace('fetch', 'main');
    assert.deepEqual(storeGets(), ['all']);
    hub.reset();
    assert.deepEqual(await locate('org/name'), { name: 'org/name', revision: hub.commit, folder: found.snapshot });
    assert.deepEqual(hub.asked, []);
  });

  it('is completed where huggingface_hub fetched a part', async () => {
    await huggingFace('fetch', 'main', ['model.safetensors']);
    hub.reset();
    const { folder } = await locate('org/name');
    assert.deepEqual((await readdir(folder)).sort(), [...files].sort());
    assert.deepEqual(storeGets(), []);
  });

  it('gets a file once when two processes want it at the same time', async () => {
    stallAfter(1_000_000, 1_500);
    const runs = await Promise.all([runChild('pull', ['org/name']), runChild('pull', ['org/name'])]);
    for (const { code, stderr, said } of runs) {
      assert.equal(code, 0, stderr);
      assert.ok(said.has('located'));
    }
    assert.deepEqual(storeGets(), ['all']);
    assert.deepEqual(await readdir(join(cache, '.locks', 'models--org--name')), []);
  });

  it('goes on at once where a process was killed in the middle', async () => {
    stallAfter(1_000_000);
    const script = join(__dirname, '..', 'process', 'children', 'pull.js');
    const child: ChildProcess = spawn(process.execPath, [script, 'org/name'], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text));
    await until(() => said.includes('"received":1000000'), 'the first part has arrived');
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.deepEqual((await readdir(join(cache, 'models--org--name'))).sort(), ['blobs', 'snapshots']);
    const snapshot = join(cache, 'models--org--name', 'snapshots', hub.commit);
    assert.deepEqual((await readdir(snapshot)).sort(), ['config.json', 'preprocessor_config.json']);
    assert.equal((await readdir(join(cache, '.locks', 'models--org--name'))).length, 1);

    hub.reset();
    const start = performance.now();
    const { folder } = await locate('org/name');
    assert.ok(performance.now() - start < 5_000);
    assert.deepEqual(storeGets(), ['bytes=1000000-']);
    assert.deepEqual(await readFile(join(folder, 'model.safetensors')), large);
    assert.equal((await readdir(join(cache, 'models--org--name', 'blobs'))).length, 3);
    assert.deepEqual(await readdir(join(cache, '.locks', 'models--org--name')), []);
  });

  it('is left in order by Ctrl-C', async () => {
    stallAfter(1_000_000);
    const child = spawn(process.execPath, [inRoot('bin', 'tubelet.mjs'), 'pull', 'org/name']);
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    await until(() => storeGets().length > 0, 'the weights have begun');
    await new Promise((resolve) => setTimeout(resolve, 100));
    child.kill('SIGINT');
    await once(child, 'exit');
    assert.equal(child.exitCode, 130);
    assert.match(said, /^downloading config.*\ndownloading preproc.*\ndownloading model\.safetensors \(3\.0 MB\)\n$/);
    assert.deepEqual(await readdir(join(cache, '.locks', 'models--org--name')), []);
    hub.reset();
    await locate('org/name');
    assert.deepEqual(storeGets(), ['bytes=1000000-']);
  });

  it('keeps nothing of a file that the disk has no room for', async () => {
    const limited = ['sh', '-c', 'ulimit -f 1000; exec "$@"', 'sh']; // half a megabyte a file
    const { said, stderr } = await runChild('pull', ['org/name'], { under: limited });
    const { code, message } = said.get('failed') as { code: string; message: string };
    assert.equal(code, 'WRITE_FAILED', stderr);
    assert.match(message, /Cannot write 'org\/name' to the cache .*EFBIG.* Make room there, or name another folder/);
    assert.equal((await readdir(join(cache, 'models--org--name', 'blobs'))).length, 2);
    assert.deepEqual(await readdir(join(cache, '.locks', 'models--org--name')), []);
  });

  it('keeps nothing of a file when the disk becomes full meanwhile', async () => {
    // A disk of 4 MB, for this process alone, which something else fills once the first megabyte has arrived.
    const script = `
      mount -t tmpfs -o size=4m tmpfs "$HF_HUB_CACHE"
      (until [ -n "$(find "$HF_HUB_CACHE" -name '*.incomplete' -size +900k)" ]; do sleep 0.02; done
       dd if=/dev/zero of="$HF_HUB_CACHE/filler" bs=64k 2>/dev/null) &
      "$@"; code=$?
      wait
      rm "$HF_HUB_CACHE/filler"
      find "$HF_HUB_CACHE" -type f -size +100k >&2
      exit $code`;
    stallAfter(1_000_000, 3000);
    const under = ['unshare', '--map-root-user', '--mount', 'sh', '-c', script, 'sh'];
    const { said, stderr, code: exitCode } = await runChild('pull', ['org/name'], { under });
    const { code, message } = (said.get('failed') ?? {}) as { code?: string; message?: string };
    assert.equal(code, 'WRITE_FAILED', stderr);
    assert.match(message ?? '', /Cannot write 'org\/name' to the cache .*ENOSPC.* Make room there, or name another/);
    assert.deepEqual([exitCode, stderr], [0, '']);
  });
});
