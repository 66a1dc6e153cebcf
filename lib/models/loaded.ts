/**
 * A checkpoint in memory, behind both a {@link Model} and the top-level functions.
 *
 * @module
 */
import { TubeletError } from '../base/errors';
import { plainCopy } from '../base/plain';
import { requireFrames } from '../checkpoints/adjust';
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
} from '../native/binding';
import { runTask } from '../native/run-task';
import type { EmbeddingRequest } from '../options/answers';
import { requireCount } from '../options/labels';
import { type ClipReading, samplingOf, stretchOf, toNativeRead } from '../options/reading';
import { type Scores, sigmoids } from '../options/scores';
import { type WindowOptions, toNativeWindows } from '../options/windows';
import {
  type ClassifyResult,
  type EmbedResult,
  type ViewCounts,
  bestPredictions,
  provenance,
} from '../results/results';
import {
  type ClassifiedWindow,
  type ClassifyWindowsResult,
  type EmbedWindowsResult,
  type EmbeddedWindow,
  type WindowDetails,
  type WindowsProvenance,
  segmentsOf,
  windowDetails,
  windowsProvenance,
} from '../results/windows';
import { toNativeSampling } from '../sampling/native';
import { statedFrames } from '../sampling/sampling';
import type { ModelInfo } from './info';

/** A checked request for one video. Its `signal` stands for the time limit too. */
export interface ClipRequest extends ClipReading {
  input: NativeInput;
  /** How logits become scores. */
  scores?: Scores | undefined;
}

/** A checked request to classify. */
export interface ClassifyRequest extends ClipRequest {
  topK?: number | undefined;
  logits?: boolean | undefined;
  /** Instead of the model's own. */
  labels?: readonly string[] | undefined;
  onWindow?: ((window: ClassifiedWindow) => void) | undefined;
}

/** A checked request to embed. */
export interface EmbedRequest extends ClipRequest, EmbeddingRequest {
  onWindow?: ((window: EmbeddedWindow) => void) | undefined;
}

const defaultTopK = 5;

/** A checkpoint and its native model. Methods take checked requests and throw errors without a call site. */
export class LoadedModel {
  private disposal: Promise<void> | undefined;
  private readonly forks = new Set<LoadedModel>();

  /**
   * @param views - What `sampling: 'paper'` does with the frames; `null` for a third-party program.
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
        `'${checkpoint.name}' is a third-party program, which gives its one embedding and no layers: leave out ` +
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
    const { scores = this.info.scores } = request;
    const answer = (output: NativeOutput): Pick<ClassifyResult, 'predictions' | 'logits'> => ({
      predictions: bestPredictions(
        scores === 'sigmoid' ? sigmoids(output.logits) : output.scores,
        labels,
        request.topK ?? defaultTopK,
      ),
      ...(request.logits === true && { logits: output.logits }),
    });
    if (request.windows !== undefined) {
      const { windows, shared } = await this.runWindows(
        { ...request, scores },
        request.windows,
        answer,
        request.onWindow,
      );
      return { windows, segments: segmentsOf(windows), scores, ...shared };
    }
    const { output, views } = await this.run({ ...request, scores });
    return { ...answer(output), scores, ...provenance(output, this.info, views) };
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
      const { windows, shared } = await this.runWindows(request, request.windows, answer, request.onWindow, embedding);
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
    report: ((window: WindowDetails & A) => void) | undefined,
    embedding?: NativeEmbedding,
  ): Promise<{ windows: (WindowDetails & A)[]; shared: WindowsProvenance }> {
    const clip = this.nativeClip(request, embedding);
    const windows: (WindowDetails & A)[] = [];
    const onWindow = (foreign: NativeWindow): void => {
      const window = plainCopy(foreign);
      const { start, end, ...details } = windowDetails(window);
      const answered = { start, end, ...answer(window.output), ...details };
      windows[window.index] = answered;
      report?.(answered);
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
    const views = wanted === 'paper' ? viewsFor(this.requireViews(), request.scores) : undefined;
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
      `'${this.info.checkpoint.name}' is a third-party program, for which no test protocol is known: choose another ` +
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

/** With sigmoids, what a protocol would sum or take the softmax of is averaged: of sums every score would be 0 or 1. */
function viewsFor(views: NativeViews, scores: Scores | undefined): NativeViews {
  if (scores !== 'sigmoid') return views;
  return { ...views, average: views.average === 'scores' ? 'sigmoids' : 'logits' };
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
