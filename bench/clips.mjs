// The clips of `npm run bench -- decode`, made by the ffmpeg program from footage in samples/, so that every machine
// has the same ones.
//
// The footage is enlarged and gets film grain, without which it would compress to next to nothing; bit rates are those
// of real clips. Key frames are 250 frames apart at most; some encoders put one at a cut, too.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

const root = path.resolve(import.meta.dirname, '..');
const folder = path.join(root, 'build-bench', 'clips');
export const footage = path.join(root, 'samples', 'nasa_13013.mp4');

const FPS = 30;
const GOP = ['-g', '250'];
const H264 = ['-c:v', 'libx264', ...GOP];
// Faster presets where the default takes minutes; what decoding has to do is hardly less for it (x265's superfast would
// leave out SAO).
const HEVC = ['-c:v', 'libx265', '-preset', 'superfast', '-x265-params', 'sao=1:log-level=error', ...GOP];
const LIBAOM = ['libaom-av1', '-usage', 'realtime', '-cpu-used', '8'];
const VP9 = ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', ...GOP];
const AV1 = ['-c:v', ...(hasEncoder('libsvtav1') ? ['libsvtav1', '-preset', '10'] : LIBAOM), ...GOP];

/** `codec` and `rate` are the encoder's; `size` and `seconds` the picture's and the clip's. */
const RECIPES = [
  { name: 'H.264 1080p 60 s', file: 'h264-1080p.mp4', size: '1920:1080', seconds: 60, codec: H264, rate: '6M' },
  { name: 'HEVC 1080p 60 s', file: 'hevc-1080p.mp4', size: '1920:1080', seconds: 60, codec: HEVC, rate: '5M' },
  {
    name: 'H.264 4K 20 s',
    file: 'h264-4k.mp4',
    size: '3840:2160',
    seconds: 20,
    codec: [...H264, '-preset', 'superfast'],
    rate: '20M',
  },
  { name: 'VP9 720p 60 s', file: 'vp9-720p.webm', size: '1280:720', seconds: 60, codec: VP9, rate: '2M' },
  { name: 'AV1 720p 60 s', file: 'av1-720p.mp4', size: '1280:720', seconds: 60, codec: AV1, rate: '2M' },
];

/** Footage as it is. The ffmpeg program and tubelet take its largest default stream, which the peers have to be told. */
const SAMPLE = { name: 'sample 270p 13 s', path: footage, stream: 3 };
/** How many times as long the clip is whose memory is compared. */
const LONGER = 10;

/** What clips() takes. */
export const clipNames = [...RECIPES.map(nameOf), 'sample'];

/**
 * Makes those of the clips that are missing and returns `{ name, path, stream? }` of each. An interrupted run loses
 * only the clip that it was making.
 */
export async function clips(names) {
  const unknown = names.find((name) => !clipNames.includes(name));
  if (unknown !== undefined) throw new Error(`There is no clip '${unknown}'; there are ${clipNames.join(', ')}.`);
  const found = [];
  for (const recipe of RECIPES.filter((recipe) => names.includes(nameOf(recipe)))) {
    found.push(await make(recipe.name, recipe.file, encoding(recipe), recipe.seconds));
  }
  return names.includes('sample') ? [...found, SAMPLE] : found;
}

/** The first clip, and its packets over and over in a clip that is `times` as long. */
export async function memoryClips() {
  const [recipe] = RECIPES;
  const short = await make(recipe.name, recipe.file, encoding(recipe), recipe.seconds);
  const seconds = recipe.seconds * LONGER;
  const copies = ['-stream_loop', String(LONGER - 1), '-i', short.path, '-c', 'copy'];
  return { short, long: await make(`H.264 1080p ${seconds} s`, 'h264-1080p-long.mp4', copies, seconds), times: LONGER };
}

function hasEncoder(name) {
  return spawnSync('ffmpeg', ['-v', 'error', '-encoders'], { encoding: 'utf8' }).stdout?.includes(` ${name} `) ?? false;
}

function nameOf({ file }) {
  return path.parse(file).name;
}

function encoding({ size, seconds, codec, rate }) {
  const filters = `fps=${FPS},scale=${size}:flags=bicubic,noise=c0s=7:c0f=t`;
  return [
    ...['-ss', '4', '-stream_loop', '-1', '-i', footage, '-map', '0:3', '-vf', filters],
    ...['-frames:v', String(seconds * FPS), ...codec, '-b:v', rate],
  ];
}

async function make(name, file, args, seconds) {
  const clip = { name, path: path.join(folder, file) };
  if (existsSync(clip.path)) return clip;
  mkdirSync(folder, { recursive: true });
  const part = path.join(folder, `part-${file}`);
  const started = performance.now();
  const show = showProgress(name);
  await ffmpeg(['-y', ...args, part], (done) => show(`${Math.round((100 * done) / seconds)}%`));
  renameSync(part, clip.path);
  show(`${((performance.now() - started) / 1000).toFixed(0)} s`, '\n');
  return clip;
}

function showProgress(name) {
  const isTerminal = process.stderr.isTTY === true;
  if (!isTerminal) process.stderr.write(`making ${name} ...\n`);
  return (text, end = '') => {
    if (isTerminal) process.stderr.write(`\r\x1b[Kmaking ${name}: ${text}${end}`);
    else if (end !== '') process.stderr.write(`made ${name}: ${text}${end}`);
  };
}

/** Runs the ffmpeg program and reports the seconds of video written so far. Killed when this process is told to end. */
export async function ffmpeg(args, progress = () => undefined) {
  const child = spawn('ffmpeg', ['-v', 'error', '-nostdin', '-progress', 'pipe:1', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, SVT_LOG: '1' }, // errors only: the library prints past ffmpeg's own log
  });
  const stop = (signal) => {
    child.kill('SIGKILL');
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? signal));
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const microseconds = /^out_time_us=(\d+)/.exec(line)?.[1];
    if (microseconds !== undefined) progress(Number(microseconds) / 1e6);
  });
  const code = await ended;
  process.off('SIGINT', stop).off('SIGTERM', stop);
  if (code === 0) return;
  rmSync(args.at(-1), { force: true });
  throw new Error(`ffmpeg ${args.join(' ')}\nended with ${code}; does it have that encoder?`);
}
