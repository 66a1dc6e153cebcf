import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';

import { suiteFolder } from '../support/temp';
import { runChild } from './child';
import { smallModel } from './fixtures';

const megabyte = 1 << 20;

describe('videos from everywhere', function () {
  this.timeout(300_000);

  it('leave memory, descriptors and threads at their level', async () => {
    const run = await runChild('inputs', [smallModel, '20'], { limit: 200_000, node: ['--expose-gc'] });
    assert.equal(run.code, 0, run.stderr);
    const rounds = run.said.get('rounds') as { resident: number; descriptors: number; threads: number }[];
    // The first rounds start threads and fill caches.
    const settled = rounds.slice(5);
    const list = (key: 'resident' | 'descriptors' | 'threads'): number[] => settled.map((round) => round[key]);
    assert.ok(Math.max(...list('threads')) <= (rounds[4]?.threads ?? NaN), list('threads').join(' '));
    assert.equal(Math.min(...list('descriptors').slice(-5)), Math.min(...list('descriptors').slice(0, 5)));
    const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    const growth = mean(list('resident').slice(-5)) - mean(list('resident').slice(0, 5));
    assert.ok(growth < 10 * megabyte, `grew by ${(growth / megabyte).toFixed(1)} MB`);
  });
});

describe('a stream that is being copied', function () {
  this.timeout(120_000);
  const folder = suiteFolder('copy');

  for (const [how, expected] of [
    ['exit', { code: 7, signal: null }],
    ['throw', { code: 1, signal: null }],
    ['kill', { code: null, signal: 'SIGKILL' }],
  ] as const) {
    it(`leaves nothing behind when the process ends: ${how}`, async () => {
      const { code, signal, said, stderr } = await runChild('copy', [how], { env: { TMPDIR: folder() } });
      assert.equal(said.get('ending'), 1, stderr);
      assert.deepEqual({ code, signal }, expected);
      assert.deepEqual(await readdir(folder()), []);
    });
  }

  it('where there is no room: WRITE_FAILED with advice, and nothing left behind', async () => {
    // In blocks of 512 bytes (POSIX) or 1024 (bash): less than the clip has either way.
    const under = ['sh', '-c', 'ulimit -f 8; exec "$0" "$@"'];
    const run = await runChild('copy', ['fill'], { env: { TMPDIR: folder() }, under });
    assert.equal(run.code, 0, run.stderr);
    const { code, message } = run.said.get('failed') as { code: string; message: string };
    assert.equal(code, 'WRITE_FAILED');
    assert.match(message, /^Cannot copy <stream> to a temporary file in .*: EFBIG.*Make room there/);
    assert.equal(run.said.get('destroyed'), true);
    assert.deepEqual(await readdir(folder()), []);
  });
});
