import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { families } from '#lib/config';
import { type ClassifyResult, type EmbedResult, type LoadOptions, type RawFrames, classify, load } from '#lib/index';

import { difference, relativeDifference, seededPixels, writeArray } from '../support/arrays';
import { inRoot } from '../support/paths';
import { runPython } from '../support/python';
import { samples } from '../support/samples';
import { suiteFolder } from '../support/temp';

/**
 * fp32 on both sides, and the same bytes in. TimeSformer's three views are added up, and so are their roundings.
 */
const logitsTolerance = 1e-4; // absolute
const embeddingTolerance = 1e-4; // relative
const scoresTolerance = 1e-5;

/** From files: PyAV converts colours with other flags of the same scaler, so scores are close and not equal. */
const fileTolerance = 0.01;
const timeTolerance = 1e-3;

/** A video in memory, for both sides. */
interface Clip {
  name: string;
  video: RawFrames & { data: Uint8Array; timestamps: number[] };
}

/** Frames in which everything moves and has edges, so that no two of them, and no two crops, look alike. */
function generated(name: string, count: number, fps: number, width: number, height: number): Clip {
  const noise = seededPixels(97 * 89 * 3, 11);
  const data = new Uint8Array(count * height * width * 3);
  let at = 0;
  for (let i = 0; i < count; i++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const row = ((y >> 2) + 3 * i) % 89;
        const column = ((x >> 2) + 5 * i) % 97;
        for (let c = 0; c < 3; c++) data[at++] = 128 + 60 * (noise[(row * 97 + column) * 3 + c] ?? 0);
      }
    }
  }
  return { name, video: { data, width, height, timestamps: Array.from({ length: count }, (_, i) => i / fps) } };
}

const clips = [
  generated('30 a second', 150, 30, 101, 60),
  generated('long, 60 a second, upright', 640, 60, 36, 77),
  generated('short', 9, 30, 90, 67),
  generated('24 a second, square', 70, 24, 72, 72),
  generated('29.97 a second, smaller than the input', 100, 30 / 1.001, 40, 22),
];

interface Reference {
  clips: number[][];
  logits: number[];
  scores: number[];
  embedding: number[];
}

/** What a checkpoint's own stride is changed to, and what is expected of it. */
interface Variant {
  name: string;
  stride: number | null;
  options: LoadOptions;
}

describe("sampling 'paper' against the papers' protocols", function () {
  this.timeout(600_000);
  const folder = suiteFolder('paper');

  async function reference(checkpoint: string, stride: number | null, videos: readonly Clip[]): Promise<Reference[]> {
    const jobs = [];
    for (const [index, { video }] of videos.entries()) {
      const { data, width, height, timestamps } = video;
      const frames = await writeArray(join(folder(), `${index}.u8`), data);
      jobs.push({ checkpoint, frames, shape: [timestamps.length, height, width, 3], times: timestamps, stride });
    }
    const [input, output] = [join(folder(), 'jobs.json'), join(folder(), 'answers.json')];
    await writeFile(input, JSON.stringify(jobs));
    await runPython('test/reference/paper.py', input, output);
    return JSON.parse(await readFile(output, 'utf8')) as Reference[];
  }

  function compare(what: string, clip: Clip, seen: ClassifyResult, embedded: EmbedResult, expected: Reference): void {
    const times = expected.clips.flat().map((frame) => clip.video.timestamps[frame]);
    assert.deepEqual(seen.timestamps, times, `${what}: the frames`);
    assert.deepEqual(seen.views, { clips: expected.clips.length, crops: 3 });
    assert.deepEqual(embedded.views, seen.views);
    const off = difference(seen.logits ?? [], expected.logits).largest;
    assert.ok(off <= logitsTolerance, `${what}: logits differ by ${off}`);
    for (const { index, score } of seen.predictions) {
      const distance = Math.abs(score - (expected.scores[index] ?? NaN));
      assert.ok(distance <= scoresTolerance, `${what}: scores differ by ${distance}`);
    }
    const offEmbedding = relativeDifference(embedded.data, Float32Array.from(expected.embedding));
    assert.ok(offEmbedding <= embeddingTolerance, `${what}: embeddings differ by ${offEmbedding}`);
  }

  async function compareAll(checkpoint: string, { stride, options }: Variant, videos = clips): Promise<void> {
    const expected = await reference(checkpoint, stride, videos);
    const model = await load(checkpoint, options);
    for (const [index, clip] of videos.entries()) {
      const seen = await model.classify(clip.video, { sampling: 'paper', logits: true, topK: 400 });
      const embedded = await model.embed(clip.video, { sampling: 'paper' });
      const answer = expected[index];
      assert.ok(answer !== undefined);
      compare(`${basename(checkpoint)} on ${clip.name}`, clip, seen, embedded, answer);
    }
    await model.dispose();
  }

  /** The stride of each family's published checkpoints, in frames of 30 a second. */
  const published = { videomae: 4, timesformer: 32, vivit: 2 };

  for (const family of families) {
    const asPublished = { name: 'as published', stride: published[family], options: {} };
    const evenly = { name: 'spread evenly', stride: null, options: { sampling: { stride: null } } };
    for (const variant of family === 'vivit' ? [asPublished] : [asPublished, evenly]) {
      it(`${family}, tiny, ${variant.name}`, async () => {
        const checkpoint = join(folder(), family);
        const options = ['--family', family, '--size', 'tiny', '--seed', '13'];
        await runPython('test/reference/checkpoints.py', checkpoint, ...options);
        await compareAll(checkpoint, variant);
      });
    }

    it(`motion-${family}`, async () => {
      // Every fourth frame, as models/presets.json says of all three.
      await compareAll(inRoot('models', `motion-${family}`), { name: '', stride: 4, options: {} }, clips.slice(0, 3));
    });
  }

  it('from files: the same frames, scores as close as another conversion of colours allows', async () => {
    for (const clip of samples.slice(0, 2)) {
      const frames = join(folder(), 'all.u8');
      const said = (await runPython('test/reference/all_frames.py', clip, frames)) as {
        shape: number[];
        times: number[];
      };
      const [, height = 0, width = 0] = said.shape;
      const video = { data: new Uint8Array(await readFile(frames)), width, height, timestamps: said.times };
      for (const family of families) {
        const checkpoint = inRoot('models', `motion-${family}`);
        const [expected] = await reference(checkpoint, 4, [{ name: clip, video }]);
        const { predictions, timestamps } = await classify(clip, { model: checkpoint, sampling: 'paper', topK: 10 });
        const times = expected?.clips.flat().map((frame) => said.times[frame] ?? NaN) ?? [];
        assert.ok(difference(timestamps, times).largest <= timeTolerance, `${clip}: the frames`);
        for (const { label, index, score } of predictions) {
          const there = expected?.scores[index] ?? NaN;
          assert.ok(Math.abs(score - there) <= fileTolerance, `${label}: ${score} here, ${there} there`);
        }
      }
    }
  });
});
