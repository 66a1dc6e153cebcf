/**
 * A loaded model.
 *
 * @module
 */
import { type ClassifyOptions, classifyRules } from './classify';
import { type EmbedOptions, checkEmbedding, embedRules } from './embed';
import { atCallSite } from './errors';
import { withVideo } from './inputs';
import type { VideoInput } from './inputs/kinds';
import type { LoadedModel, ModelInfo } from './loaded';
import { readClipOptions } from './reading';
import type { ClassifyResult, EmbedResult } from './results';

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
    return structuredClone(this.#loaded.info);
  }

  /**
   * Says what a video shows.
   *
   * @param video - See {@link VideoInput}. A string is always the path of a file, never an address.
   * @param options - See {@link ClassifyOptions}.
   * @returns The best classes with what was really done.
   * @throws TubeletError as {@link classify}, but none about finding a model; DISPOSED after `dispose()`; BUSY when
   *   `maxQueue` calls are waiting already. An abort rejects with the signal's own reason.
   */
  classify(video: VideoInput, options?: ClassifyOptions): Promise<ClassifyResult> {
    return atCallSite(async () => {
      const request = readClipOptions('classify', options, classifyRules);
      this.#loaded.requireUse('classify');
      return withVideo('classify', video, request, (input, signal) =>
        this.#loaded.classify({ ...request, input, signal }),
      );
    });
  }

  /**
   * Turns a video into a vector, or with `pooling: 'none'` into a grid of them.
   *
   * @param video - See {@link VideoInput}. A string is always the path of a file, never an address.
   * @param options - See {@link EmbedOptions}.
   * @returns The vector, as long as `info.width`, or a grid of them, with what was really done.
   * @throws TubeletError as {@link Model.classify}, and INVALID_ARGUMENT for a layer or a CLS token that the model does
   *   not have; a self-supervised checkpoint can embed as well.
   */
  embed(video: VideoInput, options?: EmbedOptions): Promise<EmbedResult> {
    return atCallSite(async () => {
      const request = readClipOptions('embed', options, embedRules);
      checkEmbedding(request);
      this.#loaded.requireEmbedding(request);
      return withVideo('embed', video, request, (input, signal) => this.#loaded.embed({ ...request, input, signal }));
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
