/**
 * Which frames make up a clip, in the words of the options. docs/sampling.md has the formulas.
 *
 * @module
 */
import { mostFrames } from '../base/limits';
import { type Rule, describe, integer, invalid, nullable, positive, readOptions } from '../base/rules';

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

/** The published test protocol of the model's family: several clips and crops, whose answers are put together. */
export type PaperSampling = 'paper';

/** Exact frames instead of a rule: as many as are listed, in that order; they may repeat. */
export type FrameList =
  /** The frames on screen at these times, in seconds from the start of the video. */
  | { timestamps: readonly number[] }
  /** The frames with these numbers, from 0. */
  | { indices: readonly number[] };

/** `trained` with another spacing; what is left out stays as it was in training. */
export interface Spacing {
  /** Frames a clip. A model's own number cannot be changed. */
  frames?: number | undefined;
  /** Every Nth frame, counted in a video of `fps` frames a second; `null`: evenly over the whole video. */
  stride?: number | null | undefined;
  /** The frames a second that `stride` counts in. */
  fps?: number | undefined;
}

/** Which frames to take: a rule by its name, the frames themselves, or the spacing to take them at. */
export type Sampling = SamplingMode | FrameList | Spacing;

/** What a model can be shown: {@link Sampling}, or `paper`, the published test protocol of its family. */
export type ModelSampling = Sampling | PaperSampling;

const spacingRules = {
  frames: integer(1, mostFrames),
  stride: nullable(positive(1000)),
  fps: positive(1000),
};

/** @internal */
export const spacingRule: Rule<Spacing> = {
  allowed: 'an object such as { stride: 4, fps: 30 }',
  accepts: (value): value is Spacing => keysOf(value).length > 0,
  copy: (spacing, what) => readOptions(what, spacing, spacingRules),
};

const otherForms = '{ timestamps: [...] }, { indices: [...] }, { stride, fps, frames }';

/** @internal */
export const samplingRule: Rule<Sampling> = {
  allowed: `one of ${samplingModes.map((mode) => `'${mode}'`).join(', ')}, ${otherForms}`,
  accepts: (value): value is Sampling => {
    if (samplingModes.some((mode) => mode === value)) return true;
    const keys = keysOf(value);
    return keys.includes('timestamps') || keys.includes('indices') ? keys.length === 1 : keys.length > 0;
  },
  copy: (sampling, what) => {
    if (typeof sampling === 'string') return sampling;
    if ('timestamps' in sampling) {
      return { timestamps: listOf(`${what}.timestamps`, sampling.timestamps, 'finite numbers', Number.isFinite) };
    }
    if ('indices' in sampling) {
      return { indices: listOf(`${what}.indices`, sampling.indices, 'whole numbers from 0 on', isIndex) };
    }
    return readOptions(what, sampling, spacingRules);
  },
};

/** @internal */
export const modelSamplingRule: Rule<ModelSampling> = {
  allowed: `one of ${[...samplingModes, 'paper'].map((mode) => `'${mode}'`).join(', ')}, ${otherForms}`,
  accepts: (value): value is ModelSampling => value === 'paper' || samplingRule.accepts(value),
  copy: (sampling, what) => (sampling === 'paper' ? sampling : (samplingRule.copy?.(sampling, what) ?? sampling)),
};

function keysOf(value: unknown): string[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
}

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

/** How many frames the caller asks for, if that is said. */
export function statedFrames(sampling: ModelSampling): number | undefined {
  if (typeof sampling === 'string') return undefined;
  if ('timestamps' in sampling) return sampling.timestamps.length;
  return 'indices' in sampling ? sampling.indices.length : sampling.frames;
}

/** Whether this is a spacing, and no list of frames. */
export function isSpacing(sampling: ModelSampling): sampling is Spacing {
  return typeof sampling === 'object' && !('timestamps' in sampling) && !('indices' in sampling);
}

/** How a checkpoint's own clips were sampled in training. */
export interface TrainedSampling {
  /** Frames a clip. */
  frames: number;
  /** Every Nth frame was taken; `null`: the frames were spread evenly over the whole video. */
  stride: number | null;
  /** Frames a second of the videos that `stride` counts in. */
  fps: number;
}

/** A trained sampling with what the caller wants otherwise. */
export function respaced(trained: TrainedSampling, { frames, stride, fps }: Spacing): TrainedSampling {
  return {
    frames: frames ?? trained.frames,
    stride: stride === undefined ? trained.stride : stride,
    fps: fps ?? trained.fps,
  };
}

/** The nominal frame rate of Kinetics, in which the papers' strides count. */
export const nominalFps = 30;

/** Seconds between the frames of a clip; `null` when the frames are spread over the whole video. */
export function interval(trained: TrainedSampling): number | null {
  return trained.stride === null ? null : trained.stride / trained.fps;
}
