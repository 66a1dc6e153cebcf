/**
 * Which frames make up a clip, from the options' words to the native sampler's numbers. docs/sampling.md has the
 * formulas.
 *
 * @module
 */
import type { NativeSampling } from './binding';
import type { Family } from './config';
import { type Rule, describe, invalid } from './options';

/** The names of the ways to choose frames. */
export const samplingModes = ['trained', 'spread', 'consecutive'] as const;

/**
 * How the frames of a clip are chosen:
 *
 * - `trained`: one clip at the spacing that the checkpoint was trained with, by time, in the middle of the video;
 *   spread tighter when the video is shorter than that
 * - `spread`: evenly over the whole video (the default of transformers 5)
 * - `consecutive`: the first frames (transformers 4, and the usual tutorial)
 */
export type SamplingMode = (typeof samplingModes)[number];

/** Exact frames instead of a rule: as many as are listed, in that order; they may repeat. */
export type FrameList =
  /** The frames on screen at these times, in seconds from the start of the video. */
  | { timestamps: readonly number[] }
  /** The frames with these numbers, from 0. */
  | { indices: readonly number[] };

/** Which frames to take: a rule by its name, or the frames themselves. */
export type Sampling = SamplingMode | FrameList;

/** The most frames that one call returns. */
export const mostFrames = 4096;

/** @internal */
export const samplingRule: Rule<Sampling> = {
  allowed: `one of ${samplingModes.map((mode) => `'${mode}'`).join(', ')}, { timestamps: [...] }, { indices: [...] }`,
  accepts: (value): value is Sampling =>
    samplingModes.some((mode) => mode === value) ||
    (typeof value === 'object' &&
      value !== null &&
      Object.keys(value).length === 1 &&
      ('timestamps' in value || 'indices' in value)),
  copy: (sampling, what) => {
    if (typeof sampling === 'string') return sampling;
    return 'timestamps' in sampling
      ? { timestamps: listOf(`${what}.timestamps`, sampling.timestamps, 'finite numbers', Number.isFinite) }
      : { indices: listOf(`${what}.indices`, sampling.indices, 'whole numbers from 0 on', isIndex) };
  },
};

function listOf(what: string, list: unknown, kind: string, accepts: (value: unknown) => boolean): number[] {
  const copy: unknown[] = Array.isArray(list) ? Array.from(list) : [];
  if (copy.length === 0 || copy.length > mostFrames) {
    throw invalid(`${what} must be an array of 1 to ${mostFrames} ${kind}, got ${describe(list)}`);
  }
  const wrong = copy.findIndex((value) => !accepts(value));
  if (wrong >= 0) throw invalid(`${what} must be ${kind}, got ${describe(copy[wrong])} at ${wrong}`);
  return copy as number[];
}

function isIndex(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** How many frames a list asks for; nothing for a rule. */
export function listedFrames(sampling: Sampling): number | undefined {
  if (typeof sampling === 'string') return undefined;
  return 'timestamps' in sampling ? sampling.timestamps.length : sampling.indices.length;
}

/** How a checkpoint's own clips were sampled in training. */
export interface TrainedSampling {
  /** Frames a clip. */
  frames: number;
  /** Every how manieth frame was taken; `null`: the frames were spread evenly over the whole video. */
  stride: number | null;
  /** Frames a second of the videos that `stride` counts in. */
  fps: number;
}

/** The nominal frame rate of Kinetics, in which the papers' strides count. */
export const nominalFps = 30;

/** Seconds between the frames of a clip; `null` when the frames are spread over the whole video. */
export function interval(trained: TrainedSampling): number | null {
  return trained.stride === null ? null : trained.stride / trained.fps;
}

/**
 * The native sampler's request.
 *
 * @param family - Decides how a video with too few frames is filled up, as each paper's code does: ViViT starts again
 *   from the first frame, the others repeat the last.
 */
export function toNativeSampling(
  {
    sampling = 'trained',
    start = 0,
    end,
  }: { sampling?: Sampling | undefined; start?: number | undefined; end?: number | undefined },
  trained: TrainedSampling,
  family?: Family,
): NativeSampling {
  const spacing = interval(trained);
  return {
    mode: sampling === 'trained' && spacing === null ? 'spread' : modeOf(sampling),
    frames: listedFrames(sampling) ?? trained.frames,
    interval: sampling === 'trained' ? (spacing ?? 0) : 0,
    padding: family === 'vivit' ? 'loop' : 'repeat-last',
    timestamps: typeof sampling === 'object' && 'timestamps' in sampling ? [...sampling.timestamps] : [],
    indices: typeof sampling === 'object' && 'indices' in sampling ? [...sampling.indices] : [],
    start,
    end: end ?? null,
  };
}

function modeOf(sampling: Sampling): NativeSampling['mode'] {
  if (typeof sampling === 'string') return sampling;
  return 'timestamps' in sampling ? 'timestamps' : 'indices';
}
