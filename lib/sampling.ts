/**
 * Which frames make up a clip, from the options' words to the native sampler's numbers. docs/sampling.md has the
 * formulas.
 *
 * @module
 */
import type { NativeSampling } from './binding';
import type { Family } from './config';

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
export function toNativeSampling(mode: SamplingMode, trained: TrainedSampling, family?: Family): NativeSampling {
  const spacing = interval(trained);
  const spaced = mode === 'trained' && spacing !== null;
  return {
    mode: mode === 'trained' && spacing === null ? 'spread' : mode,
    frames: trained.frames,
    interval: spaced ? spacing : 0,
    padding: family === 'vivit' ? 'loop' : 'repeat-last',
  };
}
