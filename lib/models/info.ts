/**
 * What a loaded model says about itself.
 *
 * @module
 */
import type { Licence } from '../checkpoints/presets';
import type { Origin } from '../checkpoints/program-metadata';
import type { Precision } from '../native/binding';
import type { Scores } from '../options/scores';
import type { CheckpointIdentity } from '../results/results';
import type { Family } from '../sampling/family';
import type { TrainedSampling } from '../sampling/sampling';

/** What a loaded model is. */
export interface ModelInfo {
  checkpoint: CheckpointIdentity;
  /** The folder that the checkpoint was read from; of a TorchScript file, the one it lies in. */
  folder: string;
  /** `null` for a third-party program. */
  family: Family | null;
  /** The licence of the weights; `null` where it is not known, as for folders. */
  licence: Licence | null;
  /** Which checkpoint a TorchScript file was made of, in its own words; `null` where it does not say, and for checkpoints. */
  origin: Origin | null;
  /** One label a class, in the order of `index` and of the logits; empty for a self-supervised checkpoint. */
  labels: string[];
  /** How its logits become scores, unless a call says otherwise. */
  scores: Scores;
  /** How clips were sampled in training, and so with `sampling: 'trained'`. */
  sampling: TrainedSampling;
  /** Height and width in pixels of what the model sees. */
  size: { height: number; width: number };
  /**
   * How frames become pixels: see `resize` and `range` of {@link LoadOptions}.
   */
  preprocessing: { resize: 'antialias' | 'plain'; range: 'processor' | 'paper' };
  /** Numbers in an embedding; 0 when the program returns none. */
  width: number;
  /** Where it runs: `'cpu'`, or `'cuda:0'` and so on. */
  device: string;
  /** Blocks: the last `layer` that {@link Model.embed} can take. */
  layers: number;
  /** In which type it multiplies. See {@link LoadOptions}. */
  precision: Precision;
  /** Threads that one forward pass may use. */
  threads: number;
  /** Memory that the weights take, in bytes; shared by all models of the same checkpoint in the process. */
  weightBytes: number;
  /** How long loading took, without finding and downloading the files. */
  milliseconds: { load: number };
}
