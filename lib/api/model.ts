/**
 * A loaded model.
 *
 * @module
 */
import { atCallSite, withCallSite } from '../base/errors';
import { plainCopy } from '../base/plain';
import type { Batch } from '../batch/batch';
import { startBatch } from '../batch/start';
import { type BatchOptions, batchRules } from '../batch/workers';
import type { VideoInput } from '../inputs/recognise';
import { withVideo } from '../inputs/with-video';
import type { ModelInfo } from '../models/info';
import type { LoadedModel } from '../models/loaded';
import { type ClassifyOptions, type EmbedOptions, checkEmbedding, classifyRules, embedRules } from '../options/answers';
import { readClipOptions } from '../options/reading';
import { type OptionsAs, type ResultOf, windowListener } from '../options/windows';
import type { ClassifyResult, EmbedResult } from '../results/results';
import {
  type ClassifiedWindow,
  type ClassifyWindowsResult,
  type EmbedWindowsResult,
  type EmbeddedWindow,
  type WindowListener,
  classifiedWindowRules,
  embeddedWindowRules,
} from '../results/windows';

/**
 * A checkpoint in memory, ready for any number of videos. Made by {@link load}.
 *
 * Any number of calls may be made at once; they are served in the order in which they were made. A model keeps its
 * memory until it is disposed, and does not keep the process alive.
 *
 * ```ts
 * await using model = await load('motion-vivit');
 * const { predictions } = await model.classify('clip.mp4');
 * ```
 */
export class Model implements AsyncDisposable {
  readonly #loaded: LoadedModel;

  /** @internal Use {@link load}. */
  constructor(loaded: LoadedModel) {
    this.#loaded = loaded;
  }

  /** What was loaded. Stays readable after {@link Model.dispose}. */
  get info(): ModelInfo {
    return plainCopy(this.#loaded.info);
  }

  /**
   * Says what a video shows.
   *
   * @param video - See {@link VideoInput}. A string is always the path of a file, never an address.
   * @param options - See {@link ClassifyOptions}.
   * @returns The best classes with what was really done; with `windows` those of each window, and segments.
   * @throws TubeletError as {@link classify}, but none about finding a model; DISPOSED after `dispose()`; BUSY when
   *   `maxQueue` calls are waiting already. An abort rejects with the signal's own reason.
   */
  classify<O extends (ClassifyOptions & WindowListener<ClassifiedWindow>) | undefined = undefined>(
    video: VideoInput,
    options?: OptionsAs<O, ClassifyOptions & WindowListener<ClassifiedWindow>>,
  ): Promise<ResultOf<O, ClassifyResult, ClassifyWindowsResult>>;
  classify(
    video: VideoInput,
    options?: ClassifyOptions & WindowListener<ClassifiedWindow>,
  ): Promise<ClassifyResult | ClassifyWindowsResult> {
    return atCallSite(async () => {
      const request = readClipOptions('classify', options, {
        ...classifyRules,
        ...classifiedWindowRules,
      });
      const onWindow = windowListener('classify', request);
      this.#loaded.requireUse('classify');
      return withVideo('classify', video, request, (input, signal) =>
        this.#loaded.classify({ ...request, onWindow, input, signal }),
      );
    });
  }

  /**
   * Turns a video into a vector, or with `pooling: 'none'` into a grid of them.
   *
   * @param video - See {@link VideoInput}. A string is always the path of a file, never an address.
   * @param options - See {@link EmbedOptions}.
   * @returns The vector, as long as `info.width`, or a grid of them, with what was really done; with `windows` those
   *   of each window.
   * @throws TubeletError as {@link Model.classify}, and INVALID_ARGUMENT for a layer or a CLS token that the model does
   *   not have; a self-supervised checkpoint can embed as well.
   */
  embed<O extends (EmbedOptions & WindowListener<EmbeddedWindow>) | undefined = undefined>(
    video: VideoInput,
    options?: OptionsAs<O, EmbedOptions & WindowListener<EmbeddedWindow>>,
  ): Promise<ResultOf<O, EmbedResult, EmbedWindowsResult>>;
  embed(
    video: VideoInput,
    options?: EmbedOptions & WindowListener<EmbeddedWindow>,
  ): Promise<EmbedResult | EmbedWindowsResult> {
    return atCallSite(async () => {
      const request = readClipOptions('embed', options, { ...embedRules, ...embeddedWindowRules });
      checkEmbedding(request);
      const onWindow = windowListener('embed', request);
      this.#loaded.requireEmbedding(request);
      return withVideo('embed', video, request, (input, signal) =>
        this.#loaded.embed({ ...request, onWindow, input, signal }),
      );
    });
  }

  /**
   * Says what each of many videos shows, with all that the machine has: clips are read, decoded and inferred at the same
   * time. See {@link Batch} for how it is used, and docs/batch.md.
   *
   * ```ts
   * for await (const { input, result, error } of model.classifyAll(paths)) {
   *   console.log(input, error?.code ?? result?.predictions[0]);
   * }
   * ```
   *
   * @param inputs - An array, an iterable, an async iterable or a stream of videos, each as for {@link Model.classify};
   *   they are asked for one at a time, when there is room for one.
   * @param options - Those of a call, which hold for each video, and {@link BatchOptions}. `timeoutMs` is for each
   *   video, from when it was begun; `signal` ends it all.
   * @returns An item for each input. What {@link Model.classify} would reject with is the item's `error`.
   * @throws TubeletError INVALID_ARGUMENT, DISPOSED; at once
   */
  classifyAll<I extends VideoInput, O extends (ClassifyOptions & BatchOptions) | undefined = undefined>(
    inputs: Iterable<I> | AsyncIterable<I>,
    options?: OptionsAs<O, ClassifyOptions & BatchOptions>,
  ): Batch<I, ResultOf<O, ClassifyResult, ClassifyWindowsResult>>;
  classifyAll<I extends VideoInput>(
    inputs: Iterable<I> | AsyncIterable<I>,
    options?: ClassifyOptions & BatchOptions,
  ): Batch<I, ClassifyResult | ClassifyWindowsResult> {
    return withCallSite((site) => {
      const request = readClipOptions('classifyAll', options, { ...classifyRules, ...batchRules });
      this.#loaded.requireUse('classify');
      return startBatch('classifyAll', site, this.#loaded, inputs, request, (fork, call) => fork.classify(call));
    });
  }

  /**
   * Turns each of many videos into a vector, as {@link Model.classifyAll} classifies them.
   *
   * @throws TubeletError INVALID_ARGUMENT, DISPOSED; at once
   */
  embedAll<I extends VideoInput, O extends (EmbedOptions & BatchOptions) | undefined = undefined>(
    inputs: Iterable<I> | AsyncIterable<I>,
    options?: OptionsAs<O, EmbedOptions & BatchOptions>,
  ): Batch<I, ResultOf<O, EmbedResult, EmbedWindowsResult>>;
  embedAll<I extends VideoInput>(
    inputs: Iterable<I> | AsyncIterable<I>,
    options?: EmbedOptions & BatchOptions,
  ): Batch<I, EmbedResult | EmbedWindowsResult> {
    return withCallSite((site) => {
      const request = readClipOptions('embedAll', options, { ...embedRules, ...batchRules });
      checkEmbedding(request);
      this.#loaded.requireEmbedding(request);
      return startBatch('embedAll', site, this.#loaded, inputs, request, (fork, call) => fork.embed(call));
    });
  }

  /**
   * Gives the memory back. Calls that wait reject with DISPOSED at once, and so do later ones; the promise settles when
   * the call that runs has finished. May be called any number of times.
   */
  dispose(): Promise<void> {
    return atCallSite(async () => this.#loaded.dispose());
  }

  /** The same as {@link Model.dispose}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return atCallSite(async () => this.#loaded.dispose());
  }
}
