import { writeSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { openCheckpoint } from '#lib/checkpoints/checkpoint';
import { nativeSpec } from '#lib/checkpoints/native-spec';
import type { NativeClipRequest, NativeModel, NativeOutput, NativeTask } from '#lib/native/binding';
import { binding } from '#lib/native/runtime';
import { toNativeRead } from '#lib/options/reading';
import { toNativeSampling } from '#lib/sampling/native';

const samples = join(resolve(__dirname, '..', '..', '..'), 'samples');

/** A sample of 13 seconds. */
export const video = join(samples, 'nasa_13013.mp4');

/** One of 3 seconds and fewer pixels. */
export const shortVideo = join(samples, 'pan-right.mp4');

export const clip: NativeClipRequest = {
  input: { kind: 'file', path: video, name: `'${video}'` },
  sampling: toNativeSampling({ sampling: 'spread' }, { frames: 16, stride: null, fps: 30 }),
  read: toNativeRead({}),
};

/** Tells the parent process. Synchronous, so that it arrives though the process ends in the same breath. */
export function say(event: string, value: unknown = null): void {
  writeSync(1, `${JSON.stringify({ event, value })}\n`);
}

export function delay(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}

/** The argument at `index`, which the parent must have given. */
export function argument(index: number): string {
  const value = process.argv[index + 2];
  if (value === undefined) throw new Error(`argument ${index} is missing`);
  return value;
}

/** Starts loading a checkpoint; `threads` as in NativeModelSpec. */
export async function startLoading(name: string, threads = 0): Promise<NativeTask<NativeModel>> {
  return binding().loadModel({ ...nativeSpec(await openCheckpoint(name)), threads });
}

/** A native model, a clip as long as it takes, and a forward pass on pixels of the right shape: work that begins at once. */
export async function loadForward(
  name: string,
  threads = 0,
): Promise<{ model: NativeModel; clip: NativeClipRequest; forward: () => NativeTask<NativeOutput> }> {
  const { frames, preprocessing } = nativeSpec(await openCheckpoint(name));
  const { cropHeight: height, cropWidth: width } = preprocessing;
  const model = await (await startLoading(name, threads)).promise;
  const pixels = new Float32Array(frames * 3 * height * width).fill(0.5);
  return {
    model,
    clip: { ...clip, sampling: { ...clip.sampling, frames } },
    forward: () => model.forward(pixels, [frames, 3, height, width]),
  };
}

/** Whether a promise has settled by now. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  const turn = new Promise((done) => {
    setImmediate(done, pending);
  });
  return (await Promise.race([promise.catch(() => undefined), turn])) === pending;
}
