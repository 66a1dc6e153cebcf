/**
 * What a video file says about itself.
 *
 * @module
 */
import { abortable } from '../base/abort';
import { atCallSite } from '../base/errors';
import { readOptions } from '../base/rules';
import type { EncodedVideo } from '../inputs/recognise';
import { withVideo } from '../inputs/with-video';
import type { NativeVideoInfo } from '../native/binding';
import { runTask } from '../native/run-task';
import { openBinding } from '../native/runtime';
import { type ReadingOptions, readingRules, toNativeRead } from '../options/reading';

/** Options of {@link probe}. With `stream` it describes another stream than it would. */
export type ProbeOptions = ReadingOptions;

/** One stream of a container. */
export interface StreamDetails {
  index: number;
  type: 'video' | 'audio' | 'subtitle' | 'data' | 'attachment' | 'other';
  /** libav's short name, such as `h264` or `aac`. */
  codec: string;
  /** Whether the file marks it as a default. */
  isDefault: boolean;
  /** Whether it is a still picture, such as a cover, in the shape of a video stream. */
  attachedPicture: boolean;
}

/** What {@link probe} found: what the headers say. Nothing is decoded. */
export interface ProbeResult {
  /** libav's short names of the format, such as `mov,mp4,m4a,3gp,3g2,mj2`. */
  container: string;
  /** libav's short name, such as `h264`. */
  codec: string;
  /** libav's name, such as `yuv420p`. */
  pixelFormat: string;
  /** Width in pixels as shown: after rotation, pixel aspect ratio and cropping. */
  width: number;
  /** Height in pixels as shown. */
  height: number;
  /** Width in pixels as coded. */
  codedWidth: number;
  /** Height in pixels as coded. */
  codedHeight: number;
  /** Degrees clockwise that the picture is turned to stand upright: 0, 90, 180 or 270. */
  rotation: number;
  /** Whether it is mirrored as well. */
  mirrored: boolean;
  /** Width of a pixel over its height. */
  sampleAspectRatio: number;
  /** Average frames a second, `null` when the file does not say. */
  fps: number | null;
  /** Seconds, `null` when the file does not say. */
  duration: number | null;
  /** libav's names, such as `bt709`, `tv`, and `unknown` where the file does not say. */
  color: { matrix: string; range: string; primaries: string; transfer: string };
  /** Size of the file. */
  bytes: number;
  /** The index of the stream that {@link classify}, {@link embed} and {@link readFrames} read. */
  streamIndex: number;
  /** All streams of the file. */
  streams: StreamDetails[];
}

/**
 * Reads the headers of a video.
 *
 * @param video - See {@link EncodedVideo}. A string is always the path of a file, never an address.
 * @param options - See {@link ProbeOptions}.
 * @returns What the headers say; headers may lie.
 * @throws TubeletError INVALID_ARGUMENT (also for raw frames: they have no headers); FILE_NOT_FOUND, READ_FAILED,
 *   WRITE_FAILED, NOT_A_VIDEO, NO_VIDEO_STREAM, UNSUPPORTED_VIDEO, CORRUPT_VIDEO, TRUNCATED_VIDEO, LIMIT_EXCEEDED and
 *   TIMEOUT as {@link classify}; RUNTIME_NOT_FOUND. An abort rejects with the signal's own reason.
 */
export function probe(video: EncodedVideo, options?: ProbeOptions): Promise<ProbeResult> {
  return atCallSite(async () => {
    const request = readOptions('probe', options, readingRules);
    return withVideo('probe', video, request, async (input, signal) => {
      const binding = await abortable(openBinding(), signal);
      return toResult(await runTask(() => binding.probe(input, toNativeRead(request)), signal));
    });
  });
}

function toResult(info: NativeVideoInfo): ProbeResult {
  const { colorMatrix, colorRange, colorPrimaries, colorTransfer, streams, ...rest } = info;
  return {
    ...rest,
    color: { matrix: colorMatrix, range: colorRange, primaries: colorPrimaries, transfer: colorTransfer },
    streams: streams.map((stream) => ({ ...stream, type: stream.type as StreamDetails['type'] })),
  };
}
