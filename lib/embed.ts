/**
 * Turning a video into a vector.
 *
 * @module
 */
import { atCallSite } from './errors';
import { withVideo } from './inputs';
import type { VideoInput } from './inputs/kinds';
import { boolean, readOptions, text } from './options';
import { type ClipOptions, clipRules } from './reading';
import type { EmbedResult } from './results';
import { withSharedModel } from './shared';

/** Options of {@link Model.embed}. */
export interface EmbedOptions extends ClipOptions {
  /** Whether to scale the vector to length 1 (L2), so that a dot product is the cosine. Default false. */
  normalize?: boolean | undefined;
}

/** Options of {@link embed}. */
export interface EmbedWithOptions extends EmbedOptions {
  /** The model's name, as in {@link load}. Default: `TUBELET_MODEL`, else MCG-NJU/videomae-base-finetuned-kinetics. */
  model?: string | undefined;
}

/** @internal */
export const embedRules = {
  normalize: boolean,
  ...clipRules,
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
 * @param video - See {@link VideoInput}. A string is always the path of a file, never an address.
 * @param options - See {@link EmbedWithOptions}.
 * @returns The vector, as long as the model is wide, with what was really done.
 * @throws TubeletError as {@link classify}; a self-supervised checkpoint can embed as well.
 */
export function embed(video: VideoInput, options?: EmbedWithOptions): Promise<EmbedResult> {
  return atCallSite(async () => {
    const { model, ...request } = readOptions('embed', options, { ...embedRules, model: text });
    return withVideo('embed', video, request, (input, signal) =>
      withSharedModel(model, signal, (loaded) => loaded.embed({ ...request, input, signal })),
    );
  });
}
