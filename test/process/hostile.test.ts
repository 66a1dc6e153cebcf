import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { readFrames } from '#lib/index';

import { suiteFolder } from '../support/temp';
import { runChild } from './child';
import { type HostileFile, makeHostileFiles } from './hostile-files';

const megabyte = 1 << 20;

/** What is no video at all is none for probe either; the headers of the others may be sound. */
const noVideo = ['NOT_A_VIDEO', 'NO_VIDEO_STREAM', 'FILE_NOT_FOUND', 'READ_FAILED'];

/** C++ looks for a file of that name; the public functions ask back whether an address is meant. */
function allowed({ path, codes }: HostileFile): string[] {
  return path.includes('://') ? ['INVALID_ARGUMENT'] : codes;
}

function allowedForProbe(file: HostileFile): string[] {
  const codes = allowed(file);
  return codes.length === 1 && noVideo.includes(codes[0]!) ? codes : [...codes, 'none'];
}

function unexpected(files: HostileFile[], outcomes: string[], codesOf: (file: HostileFile) => string[]): string[] {
  assert.equal(outcomes.length, files.length);
  return files.flatMap((file, i) => (codesOf(file).includes(outcomes[i]!) ? [] : [`${file.name}: ${outcomes[i]}`]));
}

async function encode(path: string, size: string, frames: number, ...encoding: string[]): Promise<string> {
  const input = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25`, '-frames:v', String(frames)];
  await promisify(execFile)('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...input, ...encoding, path]);
  return path;
}

describe('hostile files', function () {
  this.timeout(300_000);
  const folder = suiteFolder('hostile-files');

  it('end in a result or the error that fits, all at once in one process, and leave nothing behind', async () => {
    const corpus = join(folder(), 'corpus');
    await mkdir(corpus);
    const { files, manifest } = await makeHostileFiles(corpus);
    assert.ok(files.length > 200);

    const passes = 3;
    const run = await runChild('hostile', [manifest, String(passes)], { limit: 240_000, node: ['--expose-gc'] });
    assert.deepEqual({ code: run.code, signal: run.signal, stderr: run.stderr }, { code: 0, signal: null, stderr: '' });
    assert.ok(run.said.has('still works'));
    interface Holdings {
      resident: number;
      descriptors: number;
      threads: number;
    }
    const holdings: Holdings[] = [];
    for (let pass = 1; pass <= passes; pass++) {
      const { read, probed } = run.said.get(`pass ${pass}`) as { read: string[]; probed: string[] };
      assert.deepEqual(unexpected(files, read, allowed), []);
      assert.deepEqual(unexpected(files, probed, allowedForProbe), []);
      holdings.push(run.said.get(`holdings ${pass}`) as Holdings);
    }

    // The first pass fills caches of V8 and malloc.
    const [settled, last] = [holdings[1]!, holdings.at(-1)!];
    assert.equal(last.descriptors, settled.descriptors);
    assert.equal(last.threads, settled.threads);
    const growth = (last.resident - settled.resident) / megabyte;
    assert.ok(growth < 30, `grew by ${growth.toFixed(1)} MB: ${holdings.map((h) => h.resident >> 20).join(' ')}`);
  });
});

describe('many files, few resources', function () {
  this.timeout(300_000);
  const folder = suiteFolder('scarcity');

  it('32 HEVC files at once give what each gives alone', async () => {
    const hevc = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error', '-pix_fmt', 'yuv420p'];
    const paths = await Promise.all(
      [320, 352, 384, 416].map((width) => encode(join(folder(), `${width}.mp4`), `${width}x240`, 50, ...hevc)),
    );
    const options = { sampling: 'spread', frames: 8 } as const;
    const alone = await Promise.all(paths.map((path) => readFrames(path, options)));
    const together = await Promise.all(
      Array.from({ length: 32 }, (_, i) => readFrames(paths[i % paths.length]!, options)),
    );
    for (const [i, { data, timestamps }] of together.entries()) {
      const expected = alone[i % paths.length]!;
      assert.deepEqual(timestamps, expected.timestamps);
      assert.ok(Buffer.from(data.buffer).equals(Buffer.from(expected.data.buffer)), `file ${i}`);
    }
  });

  it('a call without descriptors or memory fails with its code, and the next one works', async () => {
    const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
    const small = await encode(join(folder(), 'small.mp4'), '64x48', 10, ...h264);
    const large = await encode(join(folder(), 'large.mp4'), '4096x2304', 4, ...h264);
    const run = await runChild('scarcity', [small, large]);
    assert.deepEqual({ code: run.code, signal: run.signal, stderr: run.stderr }, { code: 0, signal: null, stderr: '' });
    assert.equal(run.said.get('at first'), 'none');
    assert.equal(run.said.get('without descriptors'), 'READ_FAILED');
    assert.equal(run.said.get('with descriptors again'), 'none');
    const tight = run.said.get('without memory') as Record<string, string>;
    for (const [room, code] of Object.entries(tight)) {
      assert.ok(['none', 'OUT_OF_MEMORY'].includes(code), `with ${room}: ${code}`);
    }
    assert.equal(tight['48 MB'], 'OUT_OF_MEMORY');
    assert.equal(run.said.get('with memory again'), 'none');
  });
});
