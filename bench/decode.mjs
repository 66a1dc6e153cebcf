// npm run bench -- decode [--runs 5] [--cpu] [--sampling trained,spread]
//                         [--clips h264-1080p,hevc-1080p,h264-4k,vp9-720p,av1-720p,sample]
//
// From a file to a model's input: 16 frames of each clip, short side resized to 224 with antialiasing, cropped and
// normalised, on one thread. tubelet, torchcodec, PyAV and decord take turns, so that a machine whose speed drifts does
// so for all; each is a fresh process per line of the table, warm and the file in the page cache. A reader whose pixels
// differ from tubelet's is marked and does not count. --cpu counts CPU time of all threads instead of time on the
// clock: for a machine that has other work.
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { clipNames, clips, memoryClips } from './clips.mjs';
import { median, megabytes, readFloats, tableLine } from './figures.mjs';
import { peersPython, startPeer } from './peer.mjs';

const TOOLS = ['tubelet', 'torchcodec', 'PyAV', 'decord'];
const FRAMES = 16;
const SIZE = 224;
/** VideoMAE's: every fourth frame of 30 a second. */
const INTERVAL = 4 / 30;
/** Wrong frames of the clips are further apart than this; right ones have equal pixels. */
const MEAN_LEVELS = 0.1;
const SECONDS = 1e-3;
/** What a level of 255 is after normalising, about. */
const LEVEL = 1 / (0.225 * 255);

export async function run(args) {
  const { values } = parseArgs({
    args,
    options: {
      runs: { type: 'string', default: '5' },
      clips: { type: 'string', default: clipNames.join() },
      sampling: { type: 'string', default: 'trained,spread' },
      cpu: { type: 'boolean', default: false },
    },
  });
  const runs = Number(values.runs);
  const measure = values.cpu ? 'cpu' : 'milliseconds';
  const wanted = values.clips.split(',');
  const samplings = values.sampling.split(',');
  const python = await peersPython();
  const made = await clips(wanted);
  const long = wanted.includes('h264-1080p') ? await memoryClips() : undefined;

  console.log(`${cpus()[0].model}; ${FRAMES} frames at ${SIZE}, one thread each, ${runs} alternating runs`);
  console.log(
    `\n${''.padEnd(26)}${(values.cpu ? 'CPU milliseconds, medians' : 'milliseconds, medians').padStart(38)}${'peak MB'.padStart(35)}`,
  );
  console.log(line(['clip', 'sampling', ...TOOLS, 'ratio', 'tubelet', 'torchc.', 'PyAV', 'decord']));
  const notes = [];
  for (const clip of made) {
    for (const sampling of samplings) {
      const { results, ratio } = await compare(python, clip, sampling, { runs, measure });
      const times = results.map(({ median, failure, wrong }) =>
        failure ? 'cannot read' : median.toFixed(0) + (wrong ? '!' : ''),
      );
      const peaks = results.map(({ failure, peak }) => (failure ? '-' : megabytes(peak)));
      console.log(line([clip.name, sampling, ...times, ratio?.toFixed(2) ?? '-', ...peaks]));
      for (const { tool, failure, wrong } of results) {
        if (failure ?? wrong) notes.push(`${tool}, ${clip.name}, ${sampling}: ${failure ?? wrong}`);
      }
    }
  }
  console.log(
    '\nratio: the fastest of the others over tubelet, median of the ratios run by run; above 1 tubelet is ahead',
  );
  if (notes.some((note) => note.includes('!')))
    console.log('!: other frames than those asked for; left out of the ratio');
  for (const note of notes) console.log(note);
  if (long) await compareMemory(long, samplings);
}

/** One line of the table. */
async function compare(python, clip, sampling, { runs, measure }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'tubelet-bench-'));
  const request = { sampling, frames: FRAMES, interval: INTERVAL, size: SIZE };
  const readers = [];
  try {
    for (const tool of TOOLS) readers.push(await startReader(tool, python, clip));
    const results = [];
    for (const [k, tool] of TOOLS.entries()) {
      const out = path.join(folder, `${tool}.f32`);
      const answer = await readers[k].ask({ ...request, out });
      results.push({ ...answer, tool, out, failure: answer.error, runs: [] });
    }
    const [ours, ...others] = results;
    if (ours.failure) throw new Error(`tubelet cannot read ${clip.path}: ${ours.failure}`);
    for (const other of others) if (!other.failure) other.wrong = difference(ours, other);

    for (let i = 0; i < runs; i++) {
      for (const [k, result] of results.entries()) {
        if (result.failure) continue;
        const { [measure]: spent, peak, error } = await readers[k].ask({ ...request, out: null });
        result.failure = error;
        result.runs.push(spent);
        result.peak = peak;
      }
    }
    for (const result of results) result.median = median(result.runs);
    const valid = others.filter(({ failure, wrong }) => !failure && !wrong);
    const fastest = valid.toSorted((a, b) => a.median - b.median)[0];
    const ratio = fastest && median(fastest.runs.map((time, i) => time / ours.runs[i]));
    return { results, ratio };
  } finally {
    for (const reader of readers) reader.stop();
    rmSync(folder, { recursive: true });
  }
}

/** How what `other` read differs from what tubelet read, in words; undefined when it does not. */
function difference(ours, other) {
  const off = other.timestamps.findIndex((time, i) => Math.abs(time - ours.timestamps[i]) > SECONDS);
  if (off >= 0) {
    return `! frame ${off} is that of ${other.timestamps[off].toFixed(3)} s, not ${ours.timestamps[off].toFixed(3)} s`;
  }
  const [a, b] = [ours.out, other.out].map(readFloats);
  if (a.length !== b.length) return `! ${b.length} values, not ${a.length}`;
  const each = a.length / FRAMES;
  for (let frame = 0; frame < FRAMES; frame++) {
    let sum = 0;
    for (let i = frame * each; i < (frame + 1) * each; i++) sum += Math.abs(a[i] - b[i]);
    const levels = sum / each / LEVEL;
    if (!(levels <= MEAN_LEVELS))
      return `! the pixels of frame ${frame} are ${levels.toFixed(2)} levels off on average`;
  }
  return undefined;
}

/** That a long clip takes no more memory than a short one of the same content. */
async function compareMemory({ short, long, times }, samplings) {
  console.log(`\npeak MB of tubelet, the same clip once and ${times} times in a row (a fresh process, one read)`);
  for (const sampling of samplings) {
    const peaks = [];
    for (const clip of [short, long]) {
      const reader = await startReader('tubelet', undefined, clip);
      const { peak, error } = await reader.ask({
        sampling,
        frames: FRAMES,
        interval: INTERVAL,
        size: SIZE,
        out: null,
      });
      reader.stop();
      if (error) throw new Error(`tubelet cannot read ${clip.path}: ${error}`);
      peaks.push(peak);
    }
    console.log(`${sampling.padEnd(10)}${peaks.map((peak) => megabytes(peak).padStart(8)).join('')}`);
  }
}

/** A process that reads the clip. */
function startReader(tool, python, { path: clip, stream }) {
  const file = tool === 'tubelet' ? 'read_tubelet.mjs' : `read_${tool.toLowerCase()}.py`;
  return startPeer(python, file, [clip, ...(stream === undefined ? [] : ['--stream', String(stream)])]);
}

const line = (cells) => tableLine([-17, -8, 8, 12, 8, 12, 7, 8, 8, 6, 7], cells);
