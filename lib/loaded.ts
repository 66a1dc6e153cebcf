/**
 * A checkpoint in memory, behind both a {@link Model} and the top-level functions.
 *
 * @module
 */
import { type AdjustmentRequest, adjusted, requireFrames } from './adjust';
import type {
  NativeClipRequest,
  NativeEmbedding,
  NativeInput,
  NativeModel,
  NativeOutput,
  NativeQueue,
  NativeViews,
  NativeWindow,
  NativeWorkers,
} from './binding';
import { type Checkpoint, type SpecOptions, nativeSpec, openCheckpoint } from './checkpoint';
import type { Family } from './config';
import type { Device } from './device';
import { TubeletError } from './errors';
import type { PullOptions } from './hub/pull';
import { requireCount } from './labels';
import type { Origin } from './metadata';
import { programFile } from './names';
import type { Precision } from './precision';
import { type ViewCounts, paperViews } from './paper';
import type { Licence } from './presets';
import { type ClipReading, samplingOf, stretchOf, toNativeRead } from './reading';
import { type CheckpointIdentity, type ClassifyResult, type EmbedResult, bestPredictions, provenance } from './results';
import { openBinding } from './runtime';
import { type TrainedSampling, statedFrames, toNativeSampling } from './sampling';
import { sha256OfWeights } from './sha256';
import { abortable, runTask } from './task';
import { type Answer, type ProgramRequest, answerOf, openProgram, requireNoProgramOptions } from './torchscript';
import {
  type ClassifyWindowsResult,
  type EmbedWindowsResult,
  type WindowDetails,
  type WindowOptions,
  type WindowsProvenance,
  segmentsOf,
  toNativeWindows,
  windowDetails,
  windowsProvenance,
} from './windows';

/** What a loaded model is. */
export interface ModelInfo {
  checkpoint: CheckpointIdentity;
  /** The folder that the checkpoint was read from; of a TorchScript file, the one it lies in. */
  folder: string;
  /** `null` for somebody else's program. */
  family: Family | null;
  /** The licence of the weights; `null` where it is not known, as for folders. */
  licence: Licence | null;
  /** Which checkpoint a TorchScript file was made of, in its own words; `null` where it does not say, and for checkpoints. */
  origin: Origin | null;
  /** One label a class, in the order of `index` and of the logits; empty for a self-supervised checkpoint. */
  labels: string[];
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

/** Checked options of {@link load}. */
export interface LoadRequest extends AdjustmentRequest, ProgramRequest {
  device?: Device | undefined;
  precision?: Precision | 'auto' | undefined;
  threads?: number | undefined;
  maxQueue?: number | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: PullOptions['onProgress'];
}

/** A checked request for one video. Its `signal` stands for the time limit too. */
export interface ClipRequest extends ClipReading {
  input: NativeInput;
}

/** A checked request to classify. */
export interface ClassifyRequest extends ClipRequest {
  topK?: number | undefined;
  logits?: boolean | undefined;
  /** Instead of the model's own. */
  labels?: readonly string[] | undefined;
}

/** Which of a model's vectors to return: checked options of {@link embed}. */
export interface EmbeddingRequest {
  layer?: number | undefined;
  pooling?: NativeEmbedding['pooling'] | undefined;
  normalize?: boolean | undefined;
}

/** A checked request to embed. */
export interface EmbedRequest extends ClipRequest, EmbeddingRequest {}

const defaultTopK = 5;

/** A checkpoint and its native model. Methods take checked requests and throw errors without a call site. */
export class LoadedModel {
  private disposal: Promise<void> | undefined;
  private readonly forks = new Set<LoadedModel>();

  /**
   * @param views - What `sampling: 'paper'` does with the frames; `null` for somebody else's program.
   * @param gone - Called when it is disposed.
   */
  constructor(
    private readonly native: NativeModel,
    readonly info: ModelInfo,
    private readonly views: NativeViews | null,
    private readonly gone: () => void = () => undefined,
  ) {}

  /**
   * Says early that a call would be in vain: before a stream is read for it.
   *
   * @throws TubeletError DISPOSED; INVALID_ARGUMENT when there are no classes, or no embedding
   */
  requireUse(use: 'classify' | 'embed'): void {
    const { labels, checkpoint, width } = this.info;
    this.requireAlive();
    if (use === 'classify' && labels.length === 0) {
      throw new TubeletError('INVALID_ARGUMENT', noClasses(checkpoint.name));
    }
    if (use === 'embed' && width === 0) {
      throw new TubeletError('INVALID_ARGUMENT', noEmbedding(checkpoint.name));
    }
  }

  /**
   * The same for a vector that the model may not have.
   *
   * @throws TubeletError DISPOSED; INVALID_ARGUMENT
   */
  requireEmbedding({ layer, pooling }: EmbeddingRequest): void {
    this.requireUse('embed');
    const { checkpoint, family, layers } = this.info;
    if (family === null && (layer !== undefined || (pooling !== undefined && pooling !== 'head'))) {
      throw new TubeletError(
        'INVALID_ARGUMENT',
        `'${checkpoint.name}' is somebody else's program, which gives its one embedding and no layers: leave out ` +
          "'layer' and 'pooling'",
      );
    }
    if (layer !== undefined && layer > layers) {
      throw new TubeletError(
        'INVALID_ARGUMENT',
        `'${checkpoint.name}' has the layers 0 (the patch embedding) to ${layers}, and 'layer' asks for ${layer}`,
      );
    }
    if (pooling === 'cls' && family === 'videomae') {
      throw new TubeletError(
        'INVALID_ARGUMENT',
        `'${checkpoint.name}' has no CLS token, as no VideoMAE has: use pooling 'mean'`,
      );
    }
  }

  /**
   * The same for a list of frames that is not as long as a clip of the model.
   *
   * @throws TubeletError INVALID_ARGUMENT
   */
  requireSampling(reading: ClipReading): void {
    const { checkpoint, sampling } = this.info;
    requireFrames(statedFrames(samplingOf(reading) ?? 'trained'), sampling.frames, checkpoint.name);
  }

  private requireAlive(): void {
    if (this.disposal === undefined) return;
    throw new TubeletError('DISPOSED', `The model '${this.info.checkpoint.name}' was disposed: load it again`);
  }

  /**
   * The same weights with a queue and workers of their own, until it is disposed, or the model is.
   *
   * @throws TubeletError DISPOSED, OUT_OF_MEMORY (no more threads)
   */
  fork(workers: NativeWorkers): LoadedModel {
    this.requireAlive();
    const fork = new LoadedModel(this.native.fork(workers), this.info, this.views, () => this.forks.delete(fork));
    this.forks.add(fork);
    return fork;
  }

  /** What the model's own queue is at. */
  get queue(): NativeQueue {
    return this.native.queue;
  }

  async classify(request: ClassifyRequest): Promise<ClassifyResult | ClassifyWindowsResult> {
    this.requireUse('classify');
    const { checkpoint } = this.info;
    const labels = request.labels ?? this.info.labels;
    requireCount(labels, this.info.labels.length, checkpoint.name);
    const answer = ({ scores, logits }: NativeOutput): Pick<ClassifyResult, 'predictions' | 'logits'> => ({
      predictions: bestPredictions(scores, labels, request.topK ?? defaultTopK),
      ...(request.logits === true && { logits }),
    });
    if (request.windows !== undefined) {
      const { windows, shared } = await this.runWindows(request, request.windows, answer);
      return { windows, segments: segmentsOf(windows), ...shared };
    }
    const { output, views } = await this.run(request);
    return { ...answer(output), ...provenance(output, this.info, views) };
  }

  async embed(request: EmbedRequest): Promise<EmbedResult | EmbedWindowsResult> {
    this.requireEmbedding(request);
    const { layer, normalize = false, pooling = layer === undefined ? 'head' : 'mean' } = request;
    const embedding = { layer: layer ?? null, pooling, normalize };
    const answer = (output: NativeOutput): Pick<EmbedResult, 'data' | 'shape'> => ({
      data: output.embedding,
      shape: output.shape,
    });
    if (request.windows !== undefined) {
      const { windows, shared } = await this.runWindows(request, request.windows, answer, embedding);
      return { windows, normalized: normalize, ...shared };
    }
    const { output, views } = await this.run(request, embedding);
    return { ...answer(output), normalized: normalize, ...provenance(output, this.info, views) };
  }

  /** Starts at once, so that calls are served in the order in which they were made. */
  private async run(
    request: ClipRequest,
    embedding?: NativeEmbedding,
  ): Promise<{ output: NativeOutput; views: ViewCounts | undefined }> {
    const clip = this.nativeClip(request, embedding);
    const { clips } = clip.sampling.protocol ?? {};
    const output = await runTask(() => this.native.run(clip), request.signal);
    const { views } = clip;
    return { output, views: clips === undefined || views === undefined ? undefined : { clips, crops: views.crops } };
  }

  /** The same for the windows of a video. What is not part of `answer` is let go of as windows come. */
  private async runWindows<A>(
    request: ClipRequest,
    wanted: WindowOptions,
    answer: (output: NativeOutput) => A,
    embedding?: NativeEmbedding,
  ): Promise<{ windows: (WindowDetails & A)[]; shared: WindowsProvenance }> {
    const clip = this.nativeClip(request, embedding);
    const windows: (WindowDetails & A)[] = [];
    const onWindow = (window: NativeWindow): void => {
      const { start, end, ...details } = windowDetails(window);
      windows[window.index] = { start, end, ...answer(window.output), ...details };
    };
    const warnings = await runTask(
      () => this.native.runWindows(clip, toNativeWindows(wanted), onWindow),
      request.signal,
    );
    return { windows, shared: windowsProvenance(windows, warnings, this.info) };
  }

  private nativeClip(request: ClipRequest, embedding?: NativeEmbedding): NativeClipRequest {
    const { family } = this.info;
    this.requireSampling(request);
    const wanted = samplingOf(request) ?? 'trained';
    const views = wanted === 'paper' ? this.requireViews() : undefined;
    const sampling = toNativeSampling({ ...request, sampling: wanted }, this.info.sampling, family ?? undefined);
    return {
      input: request.input,
      sampling,
      read: toNativeRead(request),
      ...(embedding !== undefined && { embedding }),
      stretch: stretchOf(request),
      views,
    };
  }

  private requireViews(): NativeViews {
    if (this.views !== null) return this.views;
    throw new TubeletError(
      'INVALID_ARGUMENT',
      `'${this.info.checkpoint.name}' is somebody else's program, for which no test protocol is known: choose another ` +
        "sampling than 'paper'",
    );
  }

  /** Waits for what runs; what waits rejects with DISPOSED. */
  dispose(): Promise<void> {
    this.disposal ??= this.disposeAll();
    return this.disposal;
  }

  private async disposeAll(): Promise<void> {
    this.gone();
    await Promise.all([this.native.dispose(), ...Array.from(this.forks, (fork) => fork.dispose())]);
  }
}

/**
 * Loads a checkpoint by its name.
 *
 * @throws TubeletError MODEL_NOT_FOUND, MODEL_INVALID, CHECKPOINT_MISMATCH, UNTRUSTED_MODEL, READ_FAILED,
 *   DEVICE_UNAVAILABLE,
 *   OUT_OF_MEMORY, RUNTIME_NOT_FOUND, DOWNLOAD_FAILED, ACCESS_DENIED, WRITE_FAILED
 */
export async function openModel(
  name: string,
  { signal, onProgress, device, precision, threads, maxQueue, ...request }: LoadRequest = {},
): Promise<LoadedModel> {
  const { trust, frames, size, mean, std, layout, ...adjustments } = request;
  const program = { trust, frames, size, mean, std, layout };
  const found = await abortable(openNamed(name, program, { signal, onProgress }), signal);
  const started = performance.now();
  const checkpoint = await abortable(adjusted(found, adjustments), signal);
  const own = precisionOf(checkpoint, precision);
  const { native, sha256 } = await loadAndHash(checkpoint, { device, precision: own, threads, maxQueue }, signal);
  const milliseconds = { load: performance.now() - started };
  const range = adjustments.range ?? 'processor';
  try {
    const answer = answerOf(checkpoint, native, adjustments.labels !== undefined);
    const info = { ...describe(checkpoint, native, sha256, range), ...answer, milliseconds };
    return new LoadedModel(native, info, viewsOf(checkpoint, adjustments));
  } catch (error) {
    await native.dispose();
    throw error;
  }
}

/** A TorchScript file, or a checkpoint. */
async function openNamed(name: string, program: ProgramRequest, options: PullOptions): Promise<Checkpoint> {
  const file = await programFile(name);
  if (file !== undefined) return openProgram(file, program, options.signal);
  requireNoProgramOptions(program, name);
  return openCheckpoint(name, options);
}

/** Somebody else's program has the one that it was saved in, for which the native side knows no other word. */
function precisionOf({ config }: Checkpoint, wanted: LoadRequest['precision']): LoadRequest['precision'] {
  return config.family === null && wanted === 'auto' ? 'fp32' : wanted;
}

/** What the published test protocol does with the frames; `null` for somebody else's program. */
function viewsOf({ config, preprocessing }: Checkpoint, adjustments: AdjustmentRequest): NativeViews | null {
  const { family, size } = config;
  return family === null ? null : paperViews({ family, size, preprocessing }, adjustments);
}

/**
 * Side by side: hashing a large file takes as long as loading it. Both are held to the files that were found, and to their
 * staying as they were, so that the hash is that of the weights which answer.
 */
async function loadAndHash(
  checkpoint: Checkpoint,
  options: SpecOptions,
  signal?: AbortSignal,
): Promise<{ native: NativeModel; sha256: string }> {
  const hashing = sha256OfWeights(checkpoint.weights, signal);
  hashing.catch(() => undefined); // heard below, unless loading fails first
  const binding = await abortable(openBinding(), signal);
  const native = await runTask(() => binding.loadModel(nativeSpec(checkpoint, options)), signal);
  try {
    return { native, sha256: await abortable(hashing, signal) };
  } catch (error) {
    await native.dispose();
    throw error;
  }
}

function describe(
  checkpoint: Checkpoint,
  native: NativeModel,
  sha256: string,
  range: 'processor' | 'paper',
): Omit<ModelInfo, 'milliseconds' | keyof Answer> {
  const { name, revision, folder, config, preprocessing, sampling, licence, origin } = checkpoint;
  const { family, size } = config;
  return {
    checkpoint: { name, ...(revision !== undefined && { revision }), sha256 },
    folder,
    family,
    licence,
    origin,
    sampling,
    size,
    preprocessing: { resize: preprocessing.antialias ? 'antialias' : 'plain', range },
    device: native.device,
    layers: native.layers,
    precision: native.precision,
    threads: native.threads,
    weightBytes: native.weightBytes,
  };
}

function noEmbedding(name: string): string {
  return (
    `'${name}' is a program that returns no embedding. One that does returns it as the second of a tuple, or under ` +
    "'embedding' or 'pooler_output' of a dict, of shape [1, width]"
  );
}

function noClasses(name: string): string {
  return (
    `'${name}' is a self-supervised checkpoint: it has no classes to choose from. Use embed, or a checkpoint that was ` +
    'fine-tuned for classification, such as MCG-NJU/videomae-base-finetuned-kinetics'
  );
}
