import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, open, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { PNG } from 'pngjs';

import { isVideo, kindByName } from '#lib/cli/folder/containers';

import { fixtureFolder, fixtures } from '../../../test/fixtures/make.mjs';
import { inRoot } from '../../support/paths.js';
import { found } from './found.js';

const run = promisify(execFile);

/** By content nobody knows these from videos: an MP4 and a Matroska file with sound only, and still WebP is none. */
const undecided = ['NO_VIDEO_STREAM'];

describe('what is a video', function () {
  this.timeout(120_000);

  let folder = '';
  let made = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tubelet-containers-'));
    made = await fixtureFolder();
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('is told by its content where it has no name that says so', async () => {
    const nameless = join(folder, 'nameless');
    await mkdir(nameless);
    const plain = (name: string): string => name.replaceAll('.', '_');
    for (const { name } of fixtures) await symlink(join(made, name), join(nameless, plain(name)));
    const names = new Set(await found([nameless]));
    for (const { name, error, readFrom } of fixtures) {
      if (error.some((code) => undecided.includes(code))) continue;
      const isOne = readFrom !== undefined || !error.includes('NOT_A_VIDEO');
      assert.equal(names.has(join(nameless, plain(name))), isOne, name);
    }
  });

  it('is told by its name where that says so', async () => {
    for (const { name, error } of fixtures) {
      if (error.length === 0) assert.notEqual(kindByName(name), 'other', name);
    }
    assert.deepEqual(await found([made]).then((names) => names.filter((name) => name.endsWith('.jpg'))), []);
    for (const name of ['a.MP4', 'b.c/d.mkv', 'x.Webm']) assert.equal(kindByName(name), 'video', name);
    for (const name of ['a.json', 'a.mp4.part', 'mp4.txt']) assert.equal(kindByName(name), 'other', name);
    for (const name of ['mp4', 'a.mp4/b', 'a.', 'a.ts', 'a.png', 'a.mp4~']) assert.equal(kindByName(name), 'unknown');
  });

  it('is not what lies beside videos', async () => {
    const others = join(folder, 'others');
    await mkdir(others);
    const put = (name: string, content: string | Uint8Array): Promise<void> => writeFile(join(others, name), content);
    await put('source.ts', await readFile(inRoot('lib', 'index.ts')));
    await put('package', await readFile(inRoot('package.json')));
    await put('weights', await readFile(inRoot('models', 'motion-vivit', 'model.safetensors')));
    await put('picture.png', PNG.sync.write(new PNG({ width: 40, height: 40 })));
    await put('program', await headOf(process.execPath));
    await copyFile(join(made, 'still.jpg'), join(others, 'photograph'));
    await put('free', `The free software that skips moov and mdat${' '.repeat(5000)}`);
    await put('genome', 'GATTACA'.repeat(900));
    await put('gs', 'G'.repeat(5000));
    await put('table', `file,label\n${'a.mp4,pan left\n'.repeat(500)}`);
    await put('numbers', '\x93NUMPY\x01\x00');
    await put('columns', 'PAR1');
    await put('avif', '\0\0\0\x1cftypavif\0\0\0\0mif1avif');
    await put('empty', '');
    for (const [name, format] of [
      ['sound', 'wav'],
      ['song', 'ipod'],
      ['music', 'ogg'],
      ['track', 'mp3'],
    ] as const) {
      const input = ['-nostdin', '-v', 'error', '-f', 'lavfi', '-i', 'sine=duration=0.2'];
      await run('ffmpeg', [...input, '-f', format, join(others, name)]);
    }
    await run('mkfifo', [join(others, 'pipe')]);
    await run('mkfifo', [join(folder, 'other-pipe')]);
    await symlink(join(folder, 'other-pipe'), join(others, 'link-to-pipe'));
    await symlink(made, join(others, 'link-to-folder'));
    await symlink('nowhere', join(others, 'link-to-nothing'));
    assert.deepEqual(await found([others]), [`FILE_NOT_FOUND ${others}`]);

    await put('results.jsonl', '{}');
    await symlink(join(made, 'h264.mp4'), join(others, 'link'));
    await symlink('loop', join(others, 'loop')); // its reading will say that it cannot be read
    assert.deepEqual(await found([others]), [join(others, 'link'), join(others, 'loop')]);
  });

  it('is not made of any few bytes', () => {
    for (const text of [
      '',
      '\0',
      'GIF8',
      'OggS',
      '\0\0\x01',
      'FLV',
      'RIFF\0\0\0\0AV',
      '\x89PNG\r\n\x1a\n',
      '\0\0\0\x08free',
    ]) {
      assert.equal(isVideo(Buffer.from(text, 'latin1')), false, text);
    }
    const endless = Buffer.alloc(4096);
    for (let at = 0; at + 8 <= endless.length; at += 8) endless.write('\0\0\0\x08free', at, 'latin1');
    assert.equal(isVideo(endless), false);
  });
});

async function headOf(path: string): Promise<Uint8Array> {
  const file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(8192), 0, 8192, 0);
  await file.close();
  return buffer.subarray(0, bytesRead);
}
