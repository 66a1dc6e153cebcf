/**
 * What a caller can say about the answer to a video: its classes, or a vector.
 *
 * @module
 */
import { boolean, integer, invalid, oneOf } from '../base/rules';
import type { NativeEmbedding } from '../native/binding';
import { type ModelClipOptions, modelClipRules } from './reading';
import { type Scores, scoresRule } from './scores';

/** Options of {@link Model.classify}. */
export interface ClassifyOptions extends ModelClipOptions {
  /** How many of the best classes to return, 1 to 65536. Default 5. */
  topK?: number | undefined;
  /** Whether to return the classifier's raw output too. Default false. */
  logits?: boolean | undefined;
  /**
   * How logits become scores. Default: what the checkpoint was trained for (`info.scores`), that is 'sigmoid' where its
   * `problem_type` is `multi_label_classification`, else 'softmax'.
   */
  scores?: Scores | undefined;
}

/** @internal */
export const mostClasses = 65_536;

/** @internal */
export const classifyRules = {
  topK: integer(1, mostClasses),
  logits: boolean,
  scores: scoresRule,
  ...modelClipRules,
};

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

/** Which of a model's vectors to return: checked options of {@link embed}. */
export interface EmbeddingRequest {
  layer?: number | undefined;
  pooling?: NativeEmbedding['pooling'] | undefined;
  normalize?: boolean | undefined;
}
