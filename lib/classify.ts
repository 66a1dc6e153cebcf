/**
 * Saying what a video shows.
 *
 * @module
 */
import { atCallSite } from './errors';
import { abortSignal, boolean, integer, oneOf, readOptions, readPath, text } from './options';
import type { ClassifyResult } from './results';
import { type SamplingMode, samplingModes } from './sampling';
import { withSharedModel } from './shared';

/** Options of {@link Model.classify}. */
export interface ClassifyOptions {
  /** How many of the best classes to return, 1 to 65536. Default 5. */
  topK?: number | undefined;
  /** Whether to return the classifier's raw output too. Default false. */
  logits?: boolean | undefined;
  /** Which frames of the video the model sees. Default 'trained'. */
  sampling?: SamplingMode | undefined;
  /** Ends the call within 100 ms, wherever it is; the promise rejects with the signal's own reason. */
  signal?: AbortSignal | undefined;
}

/** Options of {@link classify}. */
export interface ClassifyWithOptions extends ClassifyOptions {
  /** The model's name, as in {@link load}. Default: `TUBELET_MODEL`, else MCG-NJU/videomae-base-finetuned-kinetics. */
  model?: string | undefined;
}

/** @internal */
export const mostClasses = 65_536;

/** @internal */
export const classifyRules = {
  topK: integer(1, mostClasses),
  logits: boolean,
  sampling: oneOf(...samplingModes),
  signal: abortSignal,
};

/**
 * Says what a video shows.
 *
 * The model is loaded by the first call that needs it, shared by those that follow, and released when it has not been
 * used for a minute. To decide that yourself, use {@link load}.
 *
 * ```ts
 * const { predictions } = await classify('clip.mp4', { model: 'motion-vivit', topK: 3 });
 * predictions[0]; // { label: 'pan right', index: 2, score: 0.98 }
 * ```
 *
 * @param path - A video file. A string is always a path, never an address.
 * @param options - See {@link ClassifyWithOptions}.
 * @returns The best classes with what was really done.
 * @throws TubeletError INVALID_ARGUMENT (also for a self-supervised checkpoint: it has no classes); FILE_NOT_FOUND,
 *   READ_FAILED, NOT_A_VIDEO, NO_VIDEO_STREAM, UNSUPPORTED_VIDEO, CORRUPT_VIDEO, TRUNCATED_VIDEO, LIMIT_EXCEEDED about
 *   the file; BUSY; OUT_OF_MEMORY; and all of {@link load}'s. An abort rejects with the signal's own reason.
 */
export function classify(path: string, options?: ClassifyWithOptions): Promise<ClassifyResult> {
  return atCallSite(async () => {
    const video = readPath('classify', path);
    const { model, ...request } = readOptions('classify', options, { ...classifyRules, model: text });
    return withSharedModel(model, request.signal, (loaded) => loaded.classify({ path: video, ...request }));
  });
}
