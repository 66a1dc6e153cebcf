/**
 * Turning a video into a vector.
 *
 * @module
 */
import { atCallSite } from '../base/errors';
import { text } from '../base/rules';
import { requirePresent } from '../inputs/present';
import type { VideoInput } from '../inputs/recognise';
import { withVideo } from '../inputs/with-video';
import { withSharedModel } from '../models/shared';
import { type EmbedOptions, checkEmbedding, embedRules } from '../options/answers';
import { readClipOptions } from '../options/reading';
import { type OptionsAs, type ResultOf, windowListener } from '../options/windows';
import type { EmbedResult } from '../results/results';
import {
  type EmbedWindowsResult,
  type EmbeddedWindow,
  type WindowListener,
  embeddedWindowRules,
} from '../results/windows';

/** Options of {@link embed}. */
export interface EmbedWithOptions extends EmbedOptions, WindowListener<EmbeddedWindow> {
  /** The model's name, as in {@link load}. Default: `TUBELET_MODEL`, else MCG-NJU/videomae-base-finetuned-kinetics. */
  model?: string | undefined;
}

/**
 * Turns a video into a vector: what the classifier sees, such that similar videos lie close together. Or, by `layer` and
 * `pooling`, into any of transformers' hidden states.
 *
 * VideoMAE gives the mean of its tokens, ViViT and TimeSformer the CLS token after the last layer norm. The model is
 * shared and released as with {@link classify}.
 *
 * ```ts
 * const { data } = await embed('clip.mp4', { normalize: true }); // Float32Array(768)
 * const { shape } = await embed('clip.mp4', { pooling: 'none' }); // [8, 14, 14, 768]
 * ```
 *
 * @param video - See {@link VideoInput}. A string is always the path of a file, never an address.
 * @param options - See {@link EmbedWithOptions}.
 * @returns The vector, as long as the model is wide, or a grid of them, with what was really done; with `windows` those of
 *   each window.
 * @throws TubeletError as {@link classify}, and INVALID_ARGUMENT for a layer or a CLS token that the model does not have;
 *   a self-supervised checkpoint can embed as well.
 */
export function embed<O extends EmbedWithOptions | undefined = undefined>(
  video: VideoInput,
  options?: OptionsAs<O, EmbedWithOptions>,
): Promise<ResultOf<O, EmbedResult, EmbedWindowsResult>>;
export function embed(video: VideoInput, options?: EmbedWithOptions): Promise<EmbedResult | EmbedWindowsResult> {
  return atCallSite(async () => {
    const rules = { ...embedRules, ...embeddedWindowRules, model: text };
    const { model, ...request } = readClipOptions('embed', options, rules);
    checkEmbedding(request);
    const onWindow = windowListener('embed', request);
    return withVideo('embed', video, request, (input, signal) =>
      withSharedModel(
        model,
        signal,
        (loaded) => loaded.embed({ ...request, onWindow, input, signal }),
        () => {
          requirePresent(input);
        },
      ),
    );
  });
}
