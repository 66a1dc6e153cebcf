/**
 * Loading a model.
 *
 * @module
 */
import { type Adjustments, adjustmentRules } from './adjust';
import { atCallSite } from './errors';
import { openModel } from './loaded';
import { Model } from './model';
import { defaultModel } from './names';
import { abortSignal, integer, readModelName, readOptions } from './options';

/** Options of {@link load}. */
export interface LoadOptions extends Adjustments {
  /**
   * Threads that one forward pass may use, 1 to 1024. Default: as many CPUs as the process may use (its affinity and
   * its cgroup's quota respected), but no more than the model has work for: one for each 16 MB of weights.
   */
  threads?: number | undefined;
  /** Calls that may wait on this model before further ones reject with BUSY, 0 to 1000000. Default 1024. */
  maxQueue?: number | undefined;
  /** Ends the loading; the promise rejects with the signal's own reason. */
  signal?: AbortSignal | undefined;
}

const loadRules = {
  threads: integer(1, 1024),
  maxQueue: integer(0, 1_000_000),
  signal: abortSignal,
  ...adjustmentRules,
};

/**
 * Loads a checkpoint into memory.
 *
 * Models of the same checkpoint share their weights in memory, in all worker threads of the process.
 *
 * @param name - In this order: a bundled name (`motion-vivit`, `motion-timesformer`, `motion-videomae`), the path of a
 *   folder in Hugging Face's layout (absolute, or starting with `.`), or a hub name (`org/name`, `org/name@revision`)
 *   in the local Hugging Face cache. Default: the environment variable `TUBELET_MODEL`, else
 *   `MCG-NJU/videomae-base-finetuned-kinetics`.
 * @param options - See {@link LoadOptions}.
 * @returns The model; dispose of it when it is no longer needed.
 * @throws TubeletError INVALID_ARGUMENT; MODEL_NOT_FOUND (the message says how to get it); MODEL_INVALID (a file is
 *   missing or wrong); CHECKPOINT_MISMATCH (tensors missing, left over or misshapen); FILE_NOT_FOUND (the label file);
 *   READ_FAILED; OUT_OF_MEMORY; RUNTIME_NOT_FOUND. An abort rejects with the signal's own reason.
 */
export function load(name?: string, options?: LoadOptions): Promise<Model> {
  return atCallSite(async () => {
    const model = readModelName('load', name) ?? defaultModel();
    return new Model(await openModel(model, readOptions('load', options, loadRules)));
  });
}
