/**
 * Turning a video into a vector.
 *
 * @module
 */
import { atCallSite } from './errors';
import { abortSignal, boolean, oneOf, readOptions, readPath, text } from './options';
import type { EmbedResult } from './results';
import { type SamplingMode, samplingModes } from './sampling';
import { withSharedModel } from './shared';

/** Options of {@link Model.embed}. */
export interface EmbedOptions {
  /** Whether to scale the vector to length 1 (L2), so that a dot product is the cosine. Default false. */
  normalize?: boolean | undefined;
  /** Which frames of the video the model sees. Default 'trained'. */
  sampling?: SamplingMode | undefined;
  /** Ends the call within 100 ms, wherever it is; the promise rejects with the signal's own reason. */
  signal?: AbortSignal | undefined;
}

/** Options of {@link embed}. */
export interface EmbedWithOptions extends EmbedOptions {
  /** The model's name, as in {@link load}. Default: `TUBELET_MODEL`, else MCG-NJU/videomae-base-finetuned-kinetics. */
  model?: string | undefined;
}

/** @internal */
export const embedRules = {
  normalize: boolean,
  sampling: oneOf(...samplingModes),
  signal: abortSignal,
};

/**
 * Turns a video into a vector: what the classifier sees, such that similar videos lie close together.
 *
 * VideoMAE gives the mean of its tokens, ViViT and TimeSformer the CLS token after the last layer norm. The model is
 * shared and released as with {@link classify}.
 *
 * ```ts
 * const { data } = await embed('clip.mp4', { normalize: true }); // Float32Array(768)
 * ```
 *
 * @param path - A video file. A string is always a path, never an address.
 * @param options - See {@link EmbedWithOptions}.
 * @returns The vector, as long as the model is wide, with what was really done.
 * @throws TubeletError as {@link classify}; a self-supervised checkpoint can embed as well.
 */
export function embed(path: string, options?: EmbedWithOptions): Promise<EmbedResult> {
  return atCallSite(async () => {
    const video = readPath('embed', path);
    const { model, ...request } = readOptions('embed', options, { ...embedRules, model: text });
    return withSharedModel(model, request.signal, (loaded) => loaded.embed({ path: video, ...request }));
  });
}
