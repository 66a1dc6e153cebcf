/**
 * The options that everything that reads a video shares, documented and checked once.
 *
 * @module
 */
import {
  type Rule,
  type Values,
  abortSignal,
  fromZero,
  group,
  integer,
  invalid,
  oneOf,
  readOptions,
} from '../base/rules';
import type { NativeClipRequest, NativeLimits, NativeReadOptions } from '../native/binding';
import { type ModelSampling, type Sampling, modelSamplingRule, samplingRule } from '../sampling/sampling';
import { type WindowOptions, checkWindows, windowsRule } from './windows';

/** The most that one video may take; what goes beyond is LIMIT_EXCEEDED. */
export interface Limits {
  /** Bytes of the file, stream or frames. Default 17179869184 (16 GiB). */
  bytes?: number | undefined;
  /** Width times height of a frame. Default 67108864 (8192 x 8192). */
  pixels?: number | undefined;
  /** Frames walked, not returned: scanned or decoded to find those asked for. Default 1000000. */
  frames?: number | undefined;
  /** Streams in the container. Default 100. */
  streams?: number | undefined;
}

/** Options of everything that reads a video. */
export interface ReadingOptions {
  /**
   * The stream to read, by its `index` in {@link ProbeResult.streams}. Default: the one that the ffmpeg program would
   * pick, never an attached picture.
   */
  stream?: number | undefined;
  /**
   * What to do about damage in the part of the video that was asked for: 'error' rejects with CORRUPT_VIDEO or
   * TRUNCATED_VIDEO, 'tolerate' returns what could be decoded, with a warning for each damage. Default 'error'.
   */
  onCorrupt?: 'error' | 'tolerate' | undefined;
  /** The colour matrix of pictures that name none. Default 'bt601', as ffmpeg takes it and models have seen it. */
  untaggedMatrix?: 'bt601' | 'bt709' | undefined;
  /** The most that the video may take. */
  limits?: Limits | undefined;
  /**
   * Milliseconds that the call may take in all, waiting included, 1 to 2147483647; it then rejects with TIMEOUT within
   * 100 ms, wherever it is. Default 600000 (ten minutes).
   */
  timeoutMs?: number | undefined;
  /** Ends the call within 100 ms, wherever it is; the promise rejects with the signal's own reason. */
  signal?: AbortSignal | undefined;
}

/** Options of everything that reads a clip from a video. */
export interface ClipOptions extends ReadingOptions {
  /** Which frames to take. Default 'trained'. */
  sampling?: Sampling | undefined;
  /**
   * Where the part to sample begins, in seconds from the start of the video: the frames on screen from then on. Default 0.
   */
  start?: number | undefined;
  /** Where it ends: the frames on screen before then. Default: the end of the video. */
  end?: number | undefined;
  /**
   * 'tutorial' prepares frames as the usual tutorial does: the first ones in order, each stretched to 480 x 480 with
   * OpenCV's bilinear filter, before the model's own preprocessing. It chooses the frames, so that it goes with no
   * `sampling`. Default: none.
   */
  recipe?: 'tutorial' | undefined;
}

/** Options of everything that shows a clip to a model. */
export interface ModelClipOptions extends Omit<ClipOptions, 'sampling'> {
  /** Which frames to take, or 'paper', the published test protocol of the model's family. Default 'trained'. */
  sampling?: ModelSampling | undefined;
  /**
   * A result for each window of the video, or of its part from `start` to `end`, instead of one for all of it. The frames
   * of each are chosen by `sampling`, a rule or a spacing, as if the window were the video. Default: none.
   */
  windows?: WindowOptions | undefined;
}

/** As in binding/video/common/clip.h. */
const defaultLimits: NativeLimits = { bytes: 16 * 2 ** 30, pixels: 8192 * 8192, frames: 1_000_000, streams: 100 };

const defaultTimeout = 600_000;

/** The longest time that Node's timers know. */
const longestTimeout = 2 ** 31 - 1;

/** @internal */
export const readingRules = {
  stream: integer(0, 1_000_000),
  onCorrupt: oneOf('error', 'tolerate'),
  untaggedMatrix: oneOf('bt601', 'bt709'),
  limits: group({
    bytes: integer(1, Number.MAX_SAFE_INTEGER),
    pixels: integer(1, Number.MAX_SAFE_INTEGER),
    frames: integer(1, Number.MAX_SAFE_INTEGER),
    streams: integer(1, 1_000_000),
  }),
  timeoutMs: integer(1, longestTimeout),
  signal: abortSignal,
};

/** @internal */
export const clipRules = {
  ...readingRules,
  sampling: samplingRule,
  start: fromZero,
  end: fromZero,
  recipe: oneOf('tutorial'),
};

/** @internal */
export const modelClipRules = { ...clipRules, sampling: modelSamplingRule, windows: windowsRule };

/** Checked options of everything that reads a video. */
export type ReadingRequest = Partial<Values<typeof readingRules>>;

/** Checked options of everything that reads a clip. */
export type ClipReading = Partial<Values<typeof modelClipRules>>;

/** The size to which the recipe 'tutorial' stretches frames. */
const tutorialSize = { width: 480, height: 480 };

/**
 * {@link readOptions} for what reads a clip.
 *
 * @throws TubeletError INVALID_ARGUMENT: also for a recipe together with a sampling, and for windows with one that means the whole
 *   video.
 */
export function readClipOptions<R extends Record<string, Rule<unknown>>>(
  caller: string,
  options: unknown,
  rules: R,
): Values<R> {
  const values = readOptions(caller, options, rules);
  const { recipe, sampling } = values as ClipReading;
  if (recipe !== undefined && sampling !== undefined) {
    throw invalid(`${caller}: the recipe '${recipe}' chooses the frames itself: leave 'sampling' out`);
  }
  checkWindows(caller, values);
  return values;
}

/** Which frames the options ask for: what they say, or what their recipe does. */
export function samplingOf({ recipe, sampling }: ClipReading): ModelSampling | undefined {
  return recipe === 'tutorial' ? 'consecutive' : sampling;
}

/** What the recipe does to the frames, if there is one. */
export function stretchOf({ recipe }: ClipReading): NativeClipRequest['stretch'] {
  return recipe === 'tutorial' ? tutorialSize : undefined;
}

/** The limits that hold. */
export function limitsOf({ limits }: ReadingRequest): NativeLimits {
  const { bytes, pixels, frames, streams } = limits ?? {};
  return {
    bytes: bytes ?? defaultLimits.bytes,
    pixels: pixels ?? defaultLimits.pixels,
    frames: frames ?? defaultLimits.frames,
    streams: streams ?? defaultLimits.streams,
  };
}

/** Milliseconds that the call may take. */
export function timeoutOf({ timeoutMs }: ReadingRequest): number {
  return timeoutMs ?? defaultTimeout;
}

/** The native reader's options. */
export function toNativeRead(reading: ReadingRequest): NativeReadOptions {
  return {
    limits: limitsOf(reading),
    stream: reading.stream ?? null,
    onCorrupt: reading.onCorrupt ?? 'error',
    untaggedMatrix: reading.untaggedMatrix ?? 'bt601',
  };
}
