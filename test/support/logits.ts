import assert from 'node:assert/strict';
import { join } from 'node:path';

import { openCheckpoint } from '#lib/checkpoints/checkpoint';

import { difference, readFloats, relativeDifference, seededPixels, writeArray } from './arrays';
import { nativeModel } from './model';
import { runPython } from './python';

/** Absolute, of logits of order 1 to 10. fp32 on both sides; what remains is the order of the sums. */
export const logitsTolerance = 1e-4;
/** Relative, by the Euclidean norm. */
export const embeddingTolerance = 1e-4;

/** What the head gives. */
export interface Head {
  /** Empty for a self-supervised checkpoint. */
  logits: Float32Array;
  embedding: Float32Array;
}

/** tubelet's and transformers' answers to the same seeded pixels. */
export interface Answers {
  ours: Head;
  theirs: Head;
  /** transformers' in float64, where it was asked for. */
  exact?: Head;
}

/** Runs a checkpoint here and in transformers. `folder` is for files. */
export async function answersOf(checkpoint: string, folder: string, { exact = false } = {}): Promise<Answers> {
  const { frames, size, labels, width } = (await openCheckpoint(checkpoint)).config;
  const shape: [number, number, number, number] = [frames, 3, size.height, size.width];
  const pixels = seededPixels(frames * 3 * size.height * size.width, 7);

  const model = await nativeModel(checkpoint);
  const { logits, embedding, scores } = await model.forward(pixels, shape).promise;
  await model.dispose();
  if (logits.length > 0) {
    assert.ok(Math.abs(scores.reduce((a, b) => a + b, 0) - 1) < 1e-4, 'scores add up to 1');
  }

  const [file, out] = [join(folder, 'pixels.f32'), join(folder, 'out.f32')];
  await writeArray(file, pixels);
  const reference = async (...options: string[]): Promise<Head> => {
    await runPython('test/reference/logits.py', checkpoint, file, out, '--shape', [1, ...shape].join(), ...options);
    const values = await readFloats(out);
    assert.equal(values.length, labels.length + width);
    return { logits: values.subarray(0, labels.length), embedding: values.subarray(labels.length) };
  };
  return {
    ours: { logits, embedding },
    theirs: await reference(),
    ...(exact && { exact: await reference('--double') }),
  };
}

/** How far apart two answers are: the largest difference of logits (0 without any), the relative one of embeddings. */
export function apart(a: Head, b: Head): { logits: number; embedding: number } {
  return {
    logits: a.logits.length + b.logits.length === 0 ? 0 : difference(a.logits, b.logits).largest,
    embedding: relativeDifference(a.embedding, b.embedding),
  };
}
