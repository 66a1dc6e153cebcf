/**
 * The frames that a model would see, as pictures.
 *
 * @module
 */
import { openCheckpoint } from './checkpoint';
import type { Family } from './config';
import { TubeletError, atCallSite } from './errors';
import { abortSignal, integer, oneOf, positive, readOptions, readPath, text } from './options';
import { familySampling } from './presets';
import { type ClipDetails, clipDetails } from './results';
import { openBinding } from './runtime';
import { type SamplingMode, type TrainedSampling, samplingModes, toNativeSampling } from './sampling';
import { abortable, runTask } from './task';

/** Options of {@link readFrames}. */
export interface ReadFramesOptions {
  /** Which frames to take. Default 'trained'. */
  sampling?: SamplingMode | undefined;
  /** Sample as for this checkpoint (a name as in {@link load}; its weights are not read). Default: none. */
  model?: string | undefined;
  /** How many frames, 1 to 4096. Default: the model's, else 16. */
  frames?: number | undefined;
  /** With 'trained': every how manieth frame of a video of `fps` frames a second. Default: the model's, else 4. */
  stride?: number | undefined;
  /** With 'trained': the frames a second that `stride` counts in. Default: the model's, else 30. */
  fps?: number | undefined;
  /** Ends the call within 100 ms, wherever it is; the promise rejects with the signal's own reason. */
  signal?: AbortSignal | undefined;
}

/** What {@link readFrames} read. */
export interface ReadFramesResult extends ClipDetails {
  /** RGB, one byte a channel, rows packed, upright; in the order of `shape`. */
  data: Uint8Array;
  /** Frames, height, width, channels. */
  shape: [frames: number, height: number, width: number, channels: 3];
  /** Time spent decoding. */
  milliseconds: { decode: number };
}

/** @internal */
export const mostFrames = 4096;

const rules = {
  sampling: oneOf(...samplingModes),
  model: text,
  frames: integer(1, mostFrames),
  stride: positive(1000),
  fps: positive(1000),
  signal: abortSignal,
};

/** VideoMAE's: the family of the default model. */
const defaultFamily: Family = 'videomae';
const defaultFrames = 16;

/**
 * Reads the frames that the sampler picks from a video, at the video's own size.
 *
 * ```ts
 * const { data, shape, timestamps } = await readFrames('clip.mp4', { sampling: 'spread', frames: 8 });
 * ```
 *
 * @param path - A video file. A string is always a path, never an address.
 * @param options - See {@link ReadFramesOptions}. Without `model`, clips are sampled as for VideoMAE on Kinetics.
 * @returns The pixels with their times.
 * @throws TubeletError INVALID_ARGUMENT; FILE_NOT_FOUND, READ_FAILED, NOT_A_VIDEO, NO_VIDEO_STREAM, UNSUPPORTED_VIDEO,
 *   CORRUPT_VIDEO, TRUNCATED_VIDEO, LIMIT_EXCEEDED about the file; OUT_OF_MEMORY; RUNTIME_NOT_FOUND; with `model`,
 *   MODEL_NOT_FOUND and MODEL_INVALID. An abort rejects with the signal's own reason.
 */
export function readFrames(path: string, options?: ReadFramesOptions): Promise<ReadFramesResult> {
  return atCallSite(async () => {
    const video = readPath('readFrames', path);
    const { sampling: mode = 'trained', model, signal, ...wanted } = readOptions('readFrames', options, rules);
    if (mode !== 'trained' && (wanted.stride !== undefined || wanted.fps !== undefined)) {
      throw new TubeletError(
        'INVALID_ARGUMENT',
        `readFrames: 'stride' and 'fps' say how far apart the frames of 'trained' lie; with '${mode}' they mean nothing`,
      );
    }

    const { family, sampling } = await abortable(samplingOf(model), signal);
    const request = { path: video, sampling: toNativeSampling(mode, override(sampling, wanted), family) };
    const binding = await abortable(openBinding(), signal);
    const frames = await runTask(() => binding.readFrames(request), signal);
    return {
      data: frames.data,
      shape: [frames.timestamps.length, frames.height, frames.width, 3],
      ...clipDetails(frames),
      milliseconds: { decode: frames.decodeMs },
    };
  });
}

async function samplingOf(model?: string): Promise<{ family: Family; sampling: TrainedSampling }> {
  if (model === undefined) {
    return { family: defaultFamily, sampling: await familySampling(defaultFamily, defaultFrames) };
  }
  const { config, sampling } = await openCheckpoint(model);
  return { family: config.family, sampling };
}

function override(
  sampling: TrainedSampling,
  { frames, stride, fps }: Pick<ReadFramesOptions, 'frames' | 'stride' | 'fps'>,
): TrainedSampling {
  return {
    frames: frames ?? sampling.frames,
    stride: stride ?? sampling.stride,
    fps: fps ?? sampling.fps,
  };
}
