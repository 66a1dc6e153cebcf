import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { suiteFolder } from '../support/temp';
import { runChild } from './child';
import { type HostileFile, makeHostileFiles } from './hostile-files';

/** Follows every thread and notes each call that takes a name or a socket. */
function strace(log: string): string[] {
  return ['strace', '-f', '-qq', '-s', '4096', '-e', 'trace=%file,%network', '-o', log];
}

async function linesOf(log: string): Promise<string[]> {
  return (await readFile(log, 'utf8')).split('\n');
}

const opens = (line: string, path: string): boolean => line.includes(`"${path}"`) && line.includes('O_RDONLY');

describe('the system calls of reading', function () {
  this.timeout(300_000);
  const folder = suiteFolder('system-calls');
  let files: HostileFile[] = [];
  let manifest = '';
  /** A sound video to which playlists, scripts and movies of the corpus refer. */
  let canary = '';

  before(async () => {
    ({ files, manifest } = await makeHostileFiles(folder()));
    canary = join(folder(), 'named.mp4');
  });

  it('open the files given and none that they name, and no socket', async () => {
    const log = join(folder(), 'tubelet.strace');
    const run = await runChild('hostile', [manifest, '1'], { limit: 240_000, under: strace(log) });
    assert.deepEqual({ code: run.code, signal: run.signal, stderr: run.stderr }, { code: 0, signal: null, stderr: '' });
    const lines = await linesOf(log);

    // What is to be seen is seen.
    const regular = files.filter(({ path, codes }) => path.startsWith(folder()) && !codes.includes('FILE_NOT_FOUND'));
    assert.ok(regular.length > 200);
    for (const { path } of regular)
      assert.ok(
        lines.some((line) => opens(line, path)),
        `no trace of ${path}`,
      );

    assert.deepEqual(
      lines.filter((line) => line.includes(`"${canary}"`)),
      [],
    );
    const given = new Set(files.map(({ path }) => path));
    const inFolder = lines.flatMap((line) =>
      line.includes('O_RDONLY') ? (/"([^"]*)"/.exec(line)?.slice(1) ?? []) : [],
    );
    const others = inFolder.filter((path) => path.startsWith(folder()) && path !== manifest && !given.has(path));
    assert.deepEqual(others, []);
    // Pipes between Node.js and its children are AF_UNIX.
    assert.deepEqual(
      lines.filter((line) => /\bAF_(?!UNIX\b)[A-Z]/.test(line)),
      [],
    );
  });

  // The ffmpeg program, told to trust them, follows the same files: they are what they pretend to be.
  const followed: [name: string, options: string[]][] = [
    ['ffconcat', ['-f', 'concat', '-safe', '0']],
    ['HLS', ['-allowed_extensions', 'ALL', '-f', 'hls']],
    ['mov: its frames lie in a file next to it', ['-enable_drefs', '1', '-use_absolute_path', '1']],
  ];
  for (const [name, options] of followed) {
    it(`would open another file for '${name}' if libav had its way`, async () => {
      const log = join(folder(), 'ffprobe.strace');
      const { path } = files.find((file) => file.name === name)!;
      const [program, ...rest] = strace(log);
      // Whether it likes what it finds there is its own affair.
      await promisify(execFile)(program!, [...rest, 'ffprobe', '-v', 'error', ...options, path]).catch(() => undefined);
      assert.ok((await linesOf(log)).some((line) => opens(line, canary)));
    });
  }
});
