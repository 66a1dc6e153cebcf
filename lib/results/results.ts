/**
 * What the calls return: plain objects that say what was found and what was really done.
 *
 * @module
 */
import type { NativeClipInfo, NativeOutput, Precision } from '../native/binding';
import type { Scores } from '../options/scores';

/** One class and how sure the model is of it. */
export interface Prediction {
  label: string;
  /** The class's number in the checkpoint, from 0. */
  index: number;
  /** 0 to 1: softmax or sigmoid of the logits, as the result's `scores` says. With softmax all classes together make 1. */
  score: number;
}

/** Which weights answered. */
export interface CheckpointIdentity {
  /** A bundled name, a hub name, or the absolute path of a folder. */
  name: string;
  /** The commit on the hub; absent for bundled models and paths. */
  revision?: string;
  /**
   * SHA-256 of the weights, in hex: what `sha256sum model.safetensors` prints. For shards, what
   * `sha256sum model-*.safetensors | sha256sum` prints.
   */
  sha256: string;
}

/** What was read from a video. Times in seconds from the start of the presentation. */
export interface ClipDetails {
  /** For each frame of the clip, when the picture that fills it is shown; of several clips, one after the other. */
  timestamps: number[];
  /** From when the first picture used is shown until the last one used ends. */
  clip: { start: number; end: number };
  /** Whether a picture fills more than one place of the clip, because the video has too few. */
  repeated: boolean;
  /** Whether the video, or the part of it that was asked for, is shorter than the clip should be. */
  tooShort: boolean;
  /** Whether a picture of high dynamic range (PQ or HLG) was brought to the standard range. */
  toneMapped: boolean;
  /** What a reader of the result should know about the file, in sentences; usually empty. */
  warnings: string[];
}

/** What a model's call did. */
export interface Provenance extends ClipDetails {
  checkpoint: CheckpointIdentity;
  /** Where the model ran: `'cpu'`, or `'cuda:0'` and so on. */
  device: string;
  /** In which type the model multiplied. */
  precision: Precision;
  /** How many views were looked at and their answers put together; only with `sampling: 'paper'`. */
  views?: ViewCounts;
  /** Time spent decoding, preparing pixels and in the model; waiting in the queue is not in it. */
  milliseconds: { decode: number; prepare: number; infer: number };
}

/** What {@link classify} found. */
export interface ClassifyResult extends Provenance {
  /** The best classes, best first; as many as `topK` asks for, or as many as there are. */
  predictions: Prediction[];
  /** How logits became scores. */
  scores: Scores;
  /**
   * The raw output of the classifier, one number a class; only with `logits: true`. Of several views what their protocol
   * makes of them: the mean, the sum, or those of the mean scores.
   */
  logits?: Float32Array;
}

/** What {@link embed} found. */
export interface EmbedResult extends Provenance {
  /**
   * One vector (768 numbers for a base model); with `pooling: 'none'` one for each place of the grid. Of several views
   * the mean.
   */
  data: Float32Array;
  /** Of `data`: [width], or [T, H, W, width] with `pooling: 'none'` ([8, 14, 14, 768] for VideoMAE-base). */
  shape: number[];
  /** Whether each vector has length 1 (L2 norm). */
  normalized: boolean;
}

/** The part that all results of videos share. */
export function clipDetails(info: NativeClipInfo): ClipDetails {
  const { timestamps, start, end, repeated, tooShort, toneMapped, warnings } = info;
  return { timestamps, clip: { start, end }, repeated, tooShort, toneMapped, warnings };
}

/** The part that all results of models share. */
export function provenance(
  output: NativeOutput,
  { checkpoint, device, precision }: Pick<Provenance, 'checkpoint' | 'device' | 'precision'>,
  views?: ViewCounts,
): Provenance {
  return {
    ...clipDetails(output),
    checkpoint: { ...checkpoint },
    device,
    precision,
    ...(views !== undefined && { views }),
    milliseconds: { decode: output.decodeMs, prepare: output.prepareMs, infer: output.inferMs },
  };
}

/** The `topK` best classes, best first; of equal scores the lower index comes first. */
export function bestPredictions(scores: Float32Array, labels: readonly string[], topK: number): Prediction[] {
  return Array.from(scores, (score, index) => ({ label: labels[index] ?? `LABEL_${index}`, index, score }))
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, topK);
}

/** How many views `sampling: 'paper'` looked at: `clips` times `crops`. */
export interface ViewCounts {
  /** Stretches of the video. */
  clips: number;
  /** Parts of each picture. */
  crops: number;
}
