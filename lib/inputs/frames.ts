/**
 * Frames that the caller has decoded.
 *
 * @module
 */
import { isUint8Array, isUint8ClampedArray, isAnyArrayBuffer } from 'node:util/types';

import { describe, fromZero, integer, invalid, positive } from '../base/rules';
import type { NativeRawFrames } from '../native/binding';
import { nominalFps } from '../sampling/sampling';
import { copyBytes, reserveBytes, viewBytes } from './bytes';

/** Memory with one byte for each channel of each pixel. */
export type PixelBytes = Uint8Array | Uint8ClampedArray | ArrayBuffer | SharedArrayBuffer;

/**
 * Frames that were decoded elsewhere, upright and of one size. What {@link readFrames} returns is one.
 *
 * They are taken in the order of their times; frames of one time keep the order in which they lie in `data`.
 */
export interface RawFrames {
  /** One byte a channel: frames x height x width x channels, rows packed. */
  data: PixelBytes;
  /** Pixels, 1 to 65536. */
  width: number;
  /** Pixels, 1 to 65536. */
  height: number;
  /**
   * 1 for gray, 3 for RGB, 4 for RGBA (alpha not multiplied in; shown over black). Default: with `timestamps`, which say
   * how many frames there are, what the length of `data` makes it; without them 3.
   */
  channels?: 1 | 3 | 4 | undefined;
  /** When each frame is shown, in seconds from 0 on. The last one lasts as long as the one before it. */
  timestamps?: readonly number[] | undefined;
  /** In place of `timestamps`: frames a second. Default 30, the rate in which the models' strides count. */
  fps?: number | undefined;
}

/** One frame of a list; all of a list are of one size and kind. The data of a canvas (`ImageData`) is one. */
export interface RawFrame {
  /** Gray, RGB or RGBA, as its length makes it. */
  data: PixelBytes;
  width: number;
  height: number;
  /** When it is shown, in seconds from 0 on; all frames of a list have one, or none and are then 1/30 s apart. */
  timestamp?: number | undefined;
}

/** Whether this is meant as frames. */
export function isFrame(value: unknown): value is RawFrames | RawFrame {
  return typeof value === 'object' && value !== null && 'data' in value && 'width' in value && 'height' in value;
}

const side = integer(1, 65_536);
const rate = positive(1_000_000);

/**
 * Checks and copies frames in one piece.
 *
 * @throws TubeletError INVALID_ARGUMENT
 */
export function readFramesInput(caller: string, frames: RawFrames): NativeRawFrames {
  const what = `${caller}: frames`;
  const { data, width, height, channels, timestamps, fps } = frames;
  checkFrame(what, data, width, height);
  if (channels !== undefined && !isChannels(channels)) {
    throw invalid(`${what}: channels must be 1 (gray), 3 (RGB) or 4 (RGBA), got ${describe(channels)}`);
  }
  if (timestamps !== undefined && fps !== undefined) {
    throw invalid(`${what}: give either 'timestamps' or 'fps', not both`);
  }
  if (fps !== undefined && !rate.accepts(fps)) {
    throw invalid(`${what}: fps must be ${rate.allowed}, got ${describe(fps)}`);
  }

  const given = timestamps === undefined ? undefined : readTimes(what, timestamps);
  const planes = viewBytes(what, data).length / (width * height);
  const kind = channels ?? (given === undefined ? 3 : planes / given.length);
  const count = planes / kind;
  if (!isChannels(kind) || !Number.isInteger(count) || count === 0 || (given !== undefined && given.length !== count)) {
    throw invalid(`${what}: ${lengths(viewBytes(what, data).length, width, height, channels, given?.length)}`);
  }
  const spacing = 1 / (fps ?? nominalFps);
  const times = given ?? Array.from({ length: count }, (_, index) => index * spacing);
  return { kind: 'frames', data: copyBytes(what, data), width, height, channels: kind, ...timeline(times, spacing) };
}

/**
 * Checks and copies a list of single frames.
 *
 * @throws TubeletError INVALID_ARGUMENT
 */
export function readFrameList(caller: string, frames: readonly RawFrame[]): NativeRawFrames {
  const views = frames.map((frame, index) => readFrame(`${caller}: frame ${index}`, frame));
  const [first] = views;
  if (first === undefined) throw invalid(`${caller}: the list of frames is empty`);
  const { width, height, channels } = first;
  for (const [index, frame] of views.entries()) {
    if (frame.width !== width || frame.height !== height || frame.channels !== channels) {
      throw invalid(
        `${caller}: frame ${index} is ${size(frame)} and frame 0 is ${size(first)}: all must be of one size and kind`,
      );
    }
  }

  const given = frames.flatMap(({ timestamp }) => (timestamp === undefined ? [] : [timestamp]));
  if (given.length > 0 && given.length < frames.length) {
    throw invalid(
      `${caller}: ${given.length} of ${frames.length} frames have a 'timestamp': give it to all or to none`,
    );
  }
  const spacing = 1 / nominalFps;
  const times = given.length > 0 ? readTimes(`${caller}: frames`, given) : views.map((_, index) => index * spacing);
  const length = views.length * first.data.length;
  const data = reserveBytes(length, () => new Uint8Array(length));
  for (const [index, frame] of views.entries()) data.set(frame.data, index * first.data.length);
  return { kind: 'frames', data, width, height, channels, ...timeline(times, spacing) };
}

interface Frame {
  data: Uint8Array;
  width: number;
  height: number;
  channels: 1 | 3 | 4;
}

function readFrame(what: string, frame: unknown): Frame {
  if (!isFrame(frame)) throw invalid(`${what} must be { data, width, height }, got ${describe(frame)}`);
  const { width, height } = frame;
  checkFrame(what, frame.data, width, height);
  const data = viewBytes(what, frame.data);
  const channels = data.length / (width * height);
  if (!isChannels(channels)) throw invalid(`${what}: ${lengths(data.length, width, height, undefined, 1)}`);
  return { data, width, height, channels };
}

function checkFrame(what: string, data: unknown, width: unknown, height: unknown): void {
  if (!isUint8Array(data) && !isUint8ClampedArray(data) && !isAnyArrayBuffer(data)) {
    throw invalid(`${what}: data must be bytes, one a channel, such as a Uint8Array, got ${describe(data)}`);
  }
  for (const [name, value] of Object.entries({ width, height })) {
    if (!side.accepts(value)) throw invalid(`${what}: ${name} must be ${side.allowed}, got ${describe(value)}`);
  }
}

function readTimes(what: string, times: readonly unknown[]): number[] {
  if (!Array.isArray(times)) throw invalid(`${what}: timestamps must be an array of seconds, got ${describe(times)}`);
  const copy: unknown[] = Array.from(times);
  const wrong = copy.findIndex((time) => !fromZero.accepts(time));
  if (wrong >= 0) {
    throw invalid(`${what}: timestamp ${wrong} must be a number of seconds from 0 on, got ${describe(copy[wrong])}`);
  }
  return copy as number[];
}

function isChannels(value: unknown): value is 1 | 3 | 4 {
  return value === 1 || value === 3 || value === 4;
}

/** Times and when the last of them ends: it lasts as long as the one before it, or `spacing` where there is none. */
function timeline(timestamps: number[], spacing: number): { timestamps: number[]; end: number } {
  const ascending = [...new Set(timestamps)].sort((a, b) => a - b);
  const last = ascending.at(-1) ?? 0;
  const before = ascending.at(-2);
  return { timestamps, end: last + (before === undefined ? spacing : last - before) };
}

function size({ width, height, channels }: Frame): string {
  return `${width} x ${height} x ${channels}`;
}

function lengths(bytes: number, width: number, height: number, channels?: number, frames?: number): string {
  const each = `${width} x ${height} pixels of ${channels ?? (frames === undefined ? 3 : '1, 3 or 4')} bytes`;
  const advice = channels === undefined && frames === undefined ? ". Say with 'channels' if they are not RGB" : '';
  return `data has ${bytes} bytes, which is not ${frames ?? 'a number of'} frames of ${each}${advice}`;
}
