import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { type ClassifyResult, type EmbedResult, type LoadOptions, type RawFrames, load } from '#lib/index';

import { difference, relativeDifference, seededPixels, writeArray } from './arrays';
import { runPython } from './python';

/**
 * fp32 on both sides, and the same bytes in. TimeSformer's three views are added up, and so are their roundings.
 */
const logitsTolerance = 1e-4; // absolute
const embeddingTolerance = 1e-4; // relative
const scoresTolerance = 1e-5;

/** A video in memory, for both sides. */
export interface Clip {
  name: string;
  video: RawFrames & { data: Uint8Array; timestamps: number[] };
}

/** Frames in which everything moves and has edges, so that no two of them, and no two crops, look alike. */
export function generated(name: string, count: number, fps: number, width: number, height: number): Clip {
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

/** What test/reference/paper.py makes of a video. */
export interface Reference {
  clips: number[][];
  logits: number[];
  scores: number[];
  embedding: number[];
}

/** What a checkpoint's own stride is changed to, and what is expected of it. */
export interface Variant {
  /** Frames of 30 a second; null: spread evenly over the video. */
  stride: number | null;
  options: LoadOptions;
}

/** The published protocol by a transcription of its own. `folder` is for files. */
export async function reference(
  checkpoint: string,
  stride: number | null,
  videos: readonly Clip[],
  folder: string,
): Promise<Reference[]> {
  const jobs = [];
  for (const [index, { video }] of videos.entries()) {
    const { data, width, height, timestamps } = video;
    const frames = await writeArray(join(folder, `${index}.u8`), data);
    jobs.push({ checkpoint, frames, shape: [timestamps.length, height, width, 3], times: timestamps, stride });
  }
  const [input, output] = [join(folder, 'jobs.json'), join(folder, 'answers.json')];
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

/** `sampling: 'paper'` of a checkpoint against {@link reference}: frames, views, logits, scores, embedding. */
export async function compareAll(
  checkpoint: string,
  { stride, options }: Variant,
  videos: readonly Clip[],
  folder: string,
): Promise<void> {
  const expected = await reference(checkpoint, stride, videos, folder);
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
