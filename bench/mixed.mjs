// The clips of `npm run bench -- batch`: what a folder of videos from many places looks like, made by the ffmpeg program
// from footage in samples/. Clip number N is the same on every machine, however many are made.
//
// The camera moves over the footage in some of them, so that the bundled models have something to tell apart.
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { ffmpeg, footage } from './clips.mjs';

const folder = path.join(path.dirname(import.meta.dirname), 'build-bench', 'mixed');

/** Each appears in its list as often as it should occur. Bits per pixel and frame are those of real clips. */
const CODECS = [
  ...Array(5).fill({ name: 'h264', ending: 'mp4', bits: 0.08, args: ['-c:v', 'libx264', '-preset', 'veryfast'] }),
  ...Array(2).fill({
    name: 'hevc',
    ending: 'mp4',
    bits: 0.05,
    args: ['-c:v', 'libx265', '-preset', 'superfast', '-x265-params', 'sao=1:log-level=error', '-tag:v', 'hvc1'],
  }),
  ...Array(2).fill({
    name: 'vp9',
    ending: 'webm',
    bits: 0.05,
    args: ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-row-mt', '1'],
  }),
  { name: 'mpeg4', ending: 'mp4', bits: 0.15, args: ['-c:v', 'mpeg4', '-bf', '2'] },
];
const SIZES = [
  ...[
    [320, 240],
    [426, 240],
    [240, 426],
  ],
  ...[
    [640, 360],
    [640, 360],
    [480, 360],
    [360, 640],
  ],
  ...[
    [854, 480],
    [854, 480],
    [640, 480],
    [480, 854],
  ],
  ...[
    [1280, 720],
    [1280, 720],
    [720, 1280],
  ],
  ...[[1920, 1080]],
];
const RATES = ['24', '25', '30', '30', '30000/1001'];
const SECONDS = { least: 2, most: 15 };
/** Key frames: every two seconds, or where the encoder's usual 250 frames end. */
const INTERVALS = [60, 250, 250];
/** Where the camera goes, in pictures a second, as ffmpeg's crop takes it of a picture twice as large. */
const WAYS = [
  [0, 0],
  [0, 0],
  [0.12, 0],
  [-0.12, 0],
  [0, 0.12],
  [0, -0.12],
];

/** The paths of the first `count` clips, made where they are missing: some seconds each. */
export async function mixedClips(count) {
  mkdirSync(folder, { recursive: true });
  const paths = [];
  for (let i = 0; i < count; i++) {
    const clip = recipe(i);
    const file = path.join(folder, clip.file);
    if (!existsSync(file)) {
      process.stderr.write(`making clip ${i + 1} of ${count}: ${clip.file}\n`);
      const part = path.join(folder, `part-${clip.file}`);
      await ffmpeg(['-y', ...clip.args, part]);
      renameSync(part, file);
    }
    paths.push(file);
  }
  return paths;
}

function recipe(number) {
  const next = random(number);
  const one = (list) => list[Math.floor(next() * list.length)];
  const codec = one(CODECS);
  const [width, height] = one(SIZES);
  const rate = one(RATES);
  // Short clips occur more often than long ones.
  const seconds = SECONDS.least + (SECONDS.most - SECONDS.least) * next() ** 2;
  const interval = one(INTERVALS);
  const [x, y] = one(WAYS);
  const from = 8 * next();
  const mirrored = next() < 0.5;

  const at = (turns, side) => `(${side}/2)*(0.5+${turns === 0 ? 0 : `0.5*sin(${4 * turns}*t)`})`;
  const filters = [
    `fps=${rate}`,
    ...(mirrored ? ['hflip'] : []),
    `crop=iw/2:ih/2:x='${at(x, 'iw')}':y='${at(y, 'ih')}'`,
    `scale=${width}:${height}:flags=bilinear,setsar=1`,
    'noise=c0s=6:c0f=t',
  ];
  const bits = Math.round(codec.bits * width * height * 30);
  return {
    file: `${String(number).padStart(4, '0')}-${codec.name}-${height}p-${seconds.toFixed(0)}s.${codec.ending}`,
    args: [
      ...['-ss', from.toFixed(2), '-stream_loop', '-1', '-i', footage, '-map', '0:3', '-vf', filters.join()],
      ...['-t', seconds.toFixed(2), '-pix_fmt', 'yuv420p', ...codec.args, '-g', String(interval), '-b:v', String(bits)],
    ],
  };
}

/** Numbers from 0 to 1 that follow from `seed`: mulberry32, by Tommy Ettinger, in the public domain. */
function random(seed) {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
