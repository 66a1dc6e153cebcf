/**
 * Turning a video into a vector.
 *
 * @module
 */
import { atCallSite } from './errors';
import { withVideo } from './inputs';
import type { VideoInput } from './inputs/kinds';
import type { EmbeddingRequest } from './loaded';
import { boolean, integer, invalid, oneOf, text } from './options';
import { type ModelClipOptions, modelClipRules, readClipOptions } from './reading';
import type { EmbedResult } from './results';
import { withSharedModel } from './shared';
import type { EmbedWindowsResult, WithWindows, WithoutWindows } from './windows';

/** The names of the ways in which tokens become a vector. */
export const poolings = ['head', 'mean', 'cls', 'none'] as const;

/**
 * How a clip's tokens become a vector:
 *
 * - `head`: as the classifier has it. VideoMAE: the mean of the tokens, normed where the checkpoint has a classifier;
 *   ViViT and TimeSformer: the CLS token
 * - `mean`: the mean of the patches' tokens, without the CLS token
 * - `cls`: the CLS token, which VideoMAE does not have
 * - `none`: not at all: each patch's token in its place in time, height and width
 */
export type Pooling = (typeof poolings)[number];

/** Options of {@link Model.embed}. */
export interface EmbedOptions extends ModelClipOptions {
  /**
   * The layer to take, as transformers counts `hidden_states`: 0 is after the patch embedding, i after the i-th block, up
   * to `layers` of {@link ModelInfo}. Blocks beyond it are not run. Default: what the head sees, after all blocks and,
   * where the model has one, the final layer norm.
   */
  layer?: number | undefined;
  /** How the tokens become a vector; 'head' not with `layer`. Default 'head', with `layer` 'mean'. */
  pooling?: Pooling | undefined;
  /** Whether to scale each vector to length 1 (L2), so that a dot product is the cosine. Default false. */
  normalize?: boolean | undefined;
}

/** Options of {@link embed}. */
export interface EmbedWithOptions extends EmbedOptions {
  /** The model's name, as in {@link load}. Default: `TUBELET_MODEL`, else MCG-NJU/videomae-base-finetuned-kinetics. */
  model?: string | undefined;
}

/**
 * As many as the programs take.
 *
 * @internal
 */
export const mostLayers = 1024;

/** @internal */
export const embedRules = {
  layer: integer(0, mostLayers),
  pooling: oneOf(...poolings),
  normalize: boolean,
  ...modelClipRules,
};

/**
 * Refuses options that mean nothing together.
 *
 * @internal
 * @throws TubeletError INVALID_ARGUMENT
 */
export function checkEmbedding({ layer, pooling }: EmbeddingRequest): void {
  if (layer !== undefined && pooling === 'head') {
    throw invalid("embed: pooling 'head' is of what the head sees: with 'layer' use 'mean', 'cls' or 'none'");
  }
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
export function embed(video: VideoInput, options: EmbedWithOptions & WithWindows): Promise<EmbedWindowsResult>;
export function embed(video: VideoInput, options?: EmbedWithOptions & WithoutWindows): Promise<EmbedResult>;
export function embed(video: VideoInput, options?: EmbedWithOptions): Promise<EmbedResult | EmbedWindowsResult>;
export function embed(video: VideoInput, options?: EmbedWithOptions): Promise<EmbedResult | EmbedWindowsResult> {
  return atCallSite(async () => {
    const { model, ...request } = readClipOptions('embed', options, { ...embedRules, model: text });
    checkEmbedding(request);
    return withVideo('embed', video, request, (input, signal) =>
      withSharedModel(model, signal, (loaded) => loaded.embed({ ...request, input, signal })),
    );
  });
}
