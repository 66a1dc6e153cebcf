/**
 * The options that everything that reads a video shares, documented and checked once.
 *
 * @module
 */
import type { NativeLimits, NativeReadOptions } from './binding';
import { type Values, abortSignal, fromZero, group, integer, oneOf } from './options';
import { type Sampling, samplingRule } from './sampling';

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
}

/** As in binding/video/clip.h. */
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
export const clipRules = { ...readingRules, sampling: samplingRule, start: fromZero, end: fromZero };

/** Checked options of everything that reads a video. */
export type ReadingRequest = Partial<Values<typeof readingRules>>;

/** Checked options of everything that reads a clip. */
export type ClipReading = Partial<Values<typeof clipRules>>;

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
