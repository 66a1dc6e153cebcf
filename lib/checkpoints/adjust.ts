/**
 * What the options of `load` change about a checkpoint.
 *
 * @module
 */
import { type Values, invalid, oneOf } from '../base/rules';
import { type Labels, labelsRule, readLabels, requireCount } from '../options/labels';
import { type Spacing, respaced, spacingRule } from '../sampling/sampling';
import type { Checkpoint } from './checkpoint';
import { paperRange } from './preprocessing';

/** Options of {@link load} that change what a checkpoint's own files say. */
export interface Adjustments {
  /** Names for the classes, instead of the checkpoint's: a list, or the path of a file with one a line. */
  labels?: Labels | undefined;
  /** How clips are sampled with 'trained', instead of what is known of the checkpoint. */
  sampling?: Spacing | undefined;
  /**
   * How frames are made smaller: 'antialias' as transformers' processors do, or 'plain', without a filter, as the
   * papers' own code does. Default 'antialias'.
   */
  resize?: 'antialias' | 'plain' | undefined;
  /**
   * ViViT only: what becomes of the levels 0 to 255: 'processor' follows the checkpoint's own configuration (the
   * published ones give -3 to 1), 'paper' gives -1 to 1. Default 'processor'.
   */
  range?: 'processor' | 'paper' | undefined;
}

/** @internal */
export const adjustmentRules = {
  labels: labelsRule,
  sampling: spacingRule,
  resize: oneOf('antialias', 'plain'),
  range: oneOf('processor', 'paper'),
};

/** Checked {@link Adjustments}. */
export type AdjustmentRequest = Partial<Values<typeof adjustmentRules>>;

/**
 * A checkpoint with the caller's changes.
 *
 * @throws TubeletError INVALID_ARGUMENT: they do not fit it. FILE_NOT_FOUND, READ_FAILED: about the label file.
 */
export async function adjusted(
  checkpoint: Checkpoint,
  { labels, sampling, resize, range }: AdjustmentRequest,
): Promise<Checkpoint> {
  const { name, config, preprocessing } = checkpoint;
  requireFrames(sampling?.frames, config.frames, name);
  if (range === 'paper' && config.family !== 'vivit') {
    const kind = config.family === null ? "a third-party program: use 'mean' and 'std'" : `a ${config.family}`;
    throw invalid(`option 'range' is for ViViT, which alone has two: '${name}' is ${kind}`);
  }
  return {
    ...checkpoint,
    config: labels === undefined ? config : { ...config, labels: await countedLabels(labels, checkpoint) },
    sampling: respaced(checkpoint.sampling, sampling ?? {}),
    preprocessing: {
      ...preprocessing,
      ...(range === 'paper' && paperRange),
      antialias: resize === undefined ? preprocessing.antialias : resize === 'antialias',
    },
  };
}

async function countedLabels(labels: Labels, { name, config, format }: Checkpoint): Promise<string[]> {
  const names = await readLabels(labels);
  // How many classes a program has is known when it has been tried out.
  if (format !== 'torchscript') requireCount(names, config.labels.length, name);
  return [...names];
}

/**
 * Refuses clips of another length than the model's.
 *
 * @throws TubeletError INVALID_ARGUMENT
 */
export function requireFrames(stated: number | undefined, frames: number, model: string): void {
  if (stated === undefined || stated === frames) return;
  throw invalid(`'${model}' sees clips of ${frames} frames, and 'sampling' asks for ${stated}`);
}
