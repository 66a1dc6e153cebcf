/**
 * How logits become scores.
 *
 * @module
 */
import { oneOf } from '../base/rules';

/** The ways in which logits become scores. */
export const scoreKinds = ['softmax', 'sigmoid'] as const;

/**
 * How logits become scores: `'softmax'`, of which all classes together make 1, for a video of one class; or `'sigmoid'`,
 * each class by itself, for a video that may be of several.
 */
export type Scores = (typeof scoreKinds)[number];

/** @internal */
export const scoresRule = oneOf(...scoreKinds);

/** 0 to 1 for each logit by itself. */
export function sigmoids(logits: Float32Array): Float32Array {
  return logits.map((logit) => 1 / (1 + Math.exp(-logit)));
}
