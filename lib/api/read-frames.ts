/**
 * The frames that a model would see, as pictures.
 *
 * @module
 */
import { abortable } from '../base/abort';
import { atCallSite } from '../base/errors';
import { mostFrames } from '../base/limits';
import { describe, integer, invalid, positive, text } from '../base/rules';
import { openConfiguration } from '../checkpoints/checkpoint';
import { familySampling } from '../checkpoints/presets';
import type { VideoInput } from '../inputs/recognise';
import { withVideo } from '../inputs/with-video';
import { runTask } from '../native/run-task';
import { openBinding } from '../native/runtime';
import { type ClipOptions, clipRules, readClipOptions, samplingOf, stretchOf, toNativeRead } from '../options/reading';
import { type ClipDetails, clipDetails } from '../results/results';
import type { Family } from '../sampling/family';
import { toNativeSampling } from '../sampling/native';
import { type ModelSampling, type TrainedSampling, isSpacing, respaced } from '../sampling/sampling';

/** Options of {@link readFrames}. */
export interface ReadFramesOptions extends ClipOptions {
  /** Sample as for this checkpoint (a name as in {@link load}; its weights need not be there). Default: none. */
  model?: string | undefined;
  /** How many frames, 1 to 4096. Default: the model's, else 16. */
  frames?: number | undefined;
  /** With 'trained': every Nth frame of a video of `fps` frames a second. Default: the model's, else 4. */
  stride?: number | undefined;
  /** With 'trained': the frames a second that `stride` counts in. Default: the model's, else 30. */
  fps?: number | undefined;
}

/** What {@link readFrames} read; every function takes it as a video again ({@link RawFrames}). */
export interface ReadFramesResult extends ClipDetails {
  /** RGB, one byte a channel, rows packed, upright; in the order of `shape`. */
  data: Uint8Array;
  /** Frames, height, width, channels. */
  shape: [frames: number, height: number, width: number, channels: 3];
  width: number;
  height: number;
  /** Time spent decoding. */
  milliseconds: { decode: number };
}

const rules = {
  ...clipRules,
  model: text,
  frames: integer(1, mostFrames),
  stride: positive(1000),
  fps: positive(1000),
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
 * @param video - See {@link VideoInput}. A string is always the path of a file, never an address.
 * @param options - See {@link ReadFramesOptions}. Without `model`, clips are sampled as for VideoMAE on Kinetics.
 * @returns The pixels with their times.
 * @throws TubeletError INVALID_ARGUMENT; FILE_NOT_FOUND, READ_FAILED, WRITE_FAILED, NOT_A_VIDEO, NO_VIDEO_STREAM,
 *   UNSUPPORTED_VIDEO, CORRUPT_VIDEO, TRUNCATED_VIDEO, LIMIT_EXCEEDED and TIMEOUT as {@link classify}; OUT_OF_MEMORY;
 *   RUNTIME_NOT_FOUND; with `model`, those of {@link load} about finding a checkpoint. An abort rejects with the signal's own reason.
 */
export function readFrames(video: VideoInput, options?: ReadFramesOptions): Promise<ReadFramesResult> {
  return atCallSite(async () => {
    const request = readClipOptions('readFrames', options, rules);
    const wanted = samplingOf(request);
    checkMeaning(wanted ?? 'trained', request);
    return withVideo('readFrames', video, request, async (input, signal) => {
      const { family, sampling } = await trainedFor(request.model, signal);
      const clip = {
        input,
        sampling: toNativeSampling({ ...request, sampling: wanted }, respaced(sampling, request), family),
        read: toNativeRead(request),
        stretch: stretchOf(request),
      };
      const binding = await abortable(openBinding(), signal);
      const frames = await runTask(() => binding.readFrames(clip), signal);
      const { data, width, height, timestamps } = frames;
      return {
        data,
        shape: [timestamps.length, height, width, 3],
        width,
        height,
        ...clipDetails(frames),
        milliseconds: { decode: frames.decodeMs },
      };
    });
  });
}

/** Refuses options that the sampling has no use for. */
function checkMeaning(sampling: ModelSampling, { frames, stride, fps }: FrameOptions): void {
  if (sampling !== 'trained' && (stride !== undefined || fps !== undefined)) {
    throw invalid(
      "readFrames: 'stride' and 'fps' say how far apart the frames of 'trained' lie; " +
        `with ${describeSampling(sampling)} they mean nothing`,
    );
  }
  if (typeof sampling === 'object' && frames !== undefined) {
    const instead = isSpacing(sampling) ? 'say it in there' : 'it is as many as are listed';
    throw invalid(`readFrames: 'frames' says how many to take; with ${describeSampling(sampling)} ${instead}`);
  }
}

function describeSampling(sampling: ModelSampling): string {
  return typeof sampling === 'string' ? `'${sampling}'` : describe(sampling);
}

type FrameOptions = Pick<ReadFramesOptions, 'frames' | 'stride' | 'fps'>;

async function trainedFor(
  model: string | undefined,
  signal: AbortSignal | undefined,
): Promise<{ family: Family; sampling: TrainedSampling }> {
  if (model === undefined) {
    return { family: defaultFamily, sampling: await familySampling(defaultFamily, defaultFrames) };
  }
  const { config, sampling } = await abortable(openConfiguration(model, { signal }), signal);
  return { family: config.family, sampling };
}
