/**
 * Saying what a video shows.
 *
 * @module
 */
import { abortable } from '../base/abort';
import { atCallSite } from '../base/errors';
import { text } from '../base/rules';
import { requirePresent } from '../inputs/present';
import type { VideoInput } from '../inputs/recognise';
import { withVideo } from '../inputs/with-video';
import { withSharedModel } from '../models/shared';
import { type ClassifyOptions, classifyRules } from '../options/answers';
import { type Labels, labelsRule, readLabels } from '../options/labels';
import { readClipOptions } from '../options/reading';
import { type OptionsAs, type ResultOf, windowListener } from '../options/windows';
import type { ClassifyResult } from '../results/results';
import {
  type ClassifiedWindow,
  type ClassifyWindowsResult,
  type WindowListener,
  classifiedWindowRules,
} from '../results/windows';

/** Options of {@link classify}. */
export interface ClassifyWithOptions extends ClassifyOptions, WindowListener<ClassifiedWindow> {
  /** The model's name, as in {@link load}. Default: `TUBELET_MODEL`, else MCG-NJU/videomae-base-finetuned-kinetics. */
  model?: string | undefined;
  /** Names for the classes, instead of the checkpoint's: a list, or the path of a file with one a line. */
  labels?: Labels | undefined;
}

/**
 * Says what a video shows.
 *
 * The model is loaded by the first call that needs it, shared by those that follow, and released when it has not been
 * used for a minute. To decide that yourself, use {@link load}.
 *
 * ```ts
 * const { predictions } = await classify('clip.mp4', { model: 'motion-vivit', topK: 3 });
 * predictions[0]; // { label: 'pan right', index: 2, score: 0.98 }
 * ```
 *
 * @param video - See {@link VideoInput}. A string is always the path of a file, never an address.
 * @param options - See {@link ClassifyWithOptions}.
 * @returns The best classes with what was really done; with `windows` those of each window, and segments.
 * @throws TubeletError INVALID_ARGUMENT (also for a self-supervised checkpoint: it has no classes, for labels that are not as
 *   many, and for frames or a range that the video does not have); FILE_NOT_FOUND, READ_FAILED (files, servers, streams), WRITE_FAILED (the temporary
 *   copy of a stream), NOT_A_VIDEO, NO_VIDEO_STREAM, UNSUPPORTED_VIDEO, CORRUPT_VIDEO, TRUNCATED_VIDEO, LIMIT_EXCEEDED
 *   and TIMEOUT about the video; BUSY; OUT_OF_MEMORY; and all of {@link load}'s. An abort rejects with the signal's own
 *   reason.
 */
export function classify<O extends ClassifyWithOptions | undefined = undefined>(
  video: VideoInput,
  options?: OptionsAs<O, ClassifyWithOptions>,
): Promise<ResultOf<O, ClassifyResult, ClassifyWindowsResult>>;
export function classify(
  video: VideoInput,
  options?: ClassifyWithOptions,
): Promise<ClassifyResult | ClassifyWindowsResult> {
  return atCallSite(async () => {
    const rules = { ...classifyRules, ...classifiedWindowRules, model: text, labels: labelsRule };
    const { model, labels: wanted, ...request } = readClipOptions('classify', options, rules);
    const onWindow = windowListener('classify', request);
    return withVideo('classify', video, request, async (input, signal) => {
      const labels = wanted === undefined ? undefined : await abortable(readLabels(wanted), signal);
      return withSharedModel(
        model,
        signal,
        (loaded) => loaded.classify({ ...request, onWindow, labels, input, signal }),
        () => {
          requirePresent(input);
        },
      );
    });
  });
}
