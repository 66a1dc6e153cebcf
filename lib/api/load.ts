/**
 * Loading a model.
 *
 * @module
 */
import { guarded } from '../base/callbacks';
import { atCallSite } from '../base/errors';
import { type Rule, abortSignal, callback, integer, readModelName, readOptions } from '../base/rules';
import { type Adjustments, adjustmentRules } from '../checkpoints/adjust';
import { defaultModel } from '../checkpoints/locate';
import { type ProgramOptions, programRules } from '../checkpoints/program';
import type { DownloadProgress } from '../hub/blob';
import { openModel } from '../models/open';
import type { Precision } from '../native/binding';
import { type Device, deviceRule } from '../options/device';
import { precisionRule } from '../options/precision';
import { Model } from './model';

/** Options of {@link load}. */
export interface LoadOptions extends Adjustments, ProgramOptions {
  /** Where the model runs; `info.device` says which was taken. See {@link Device}. Default `'cpu'`. */
  device?: Device | undefined;
  /**
   * In which type the model multiplies: `'fp32'`, as the references do; `'bf16'`, faster on a CPU with AVX512-BF16 or
   * AMX, with scores that differ a little (docs/precision.md); on a CPU without either it works, but slower than fp32; or
   * `'auto'`, bf16 where the CPU has one of the two, or the GPU is made for it (compute capability 8.0 and above), and
   * fp32 elsewhere. `info.precision` and every result say which was taken.
   * Default `'fp32'`.
   */
  precision?: Precision | 'auto' | undefined;
  /**
   * Threads that one forward pass may use, 1 to 1024. Default: as many CPUs as the process may use (its affinity and
   * its cgroup's quota respected), but no more than the model has work for: one for each 16 MB of weights, and one on a
   * GPU.
   */
  threads?: number | undefined;
  /** Calls that may wait on this model before further ones reject with BUSY, 0 to 1000000. Default 1024. */
  maxQueue?: number | undefined;
  /** Ends the loading; the promise rejects with the signal's own reason. */
  signal?: AbortSignal | undefined;
  /**
   * Called when the download of a file begins and whenever more of it has arrived; never when all is in the cache. What
   * it throws ends the loading.
   */
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
}

const loadRules = {
  device: deviceRule,
  precision: precisionRule,
  threads: integer(1, 1024),
  maxQueue: integer(0, 1_000_000),
  signal: abortSignal,
  onProgress: callback as Rule<(progress: DownloadProgress) => void>,
  ...adjustmentRules,
  ...programRules,
};

/**
 * Loads a checkpoint into memory. What a hub name lacks is downloaded first, once, into the cache that Python's
 * huggingface_hub uses too; its environment variables are honoured (`HF_HOME`, `HF_HUB_CACHE`, `HF_HUB_OFFLINE`,
 * `HF_TOKEN`, `HF_ENDPOINT`).
 *
 * Models of the same checkpoint on the same device in the same precision share their weights in memory, in all worker threads of the process,
 * however they prepare their pixels.
 *
 * @param name - In this order: a bundled name (`motion-vivit`, `motion-timesformer`, `motion-videomae`), the path of a
 *   folder in Hugging Face's layout (absolute, or starting with `.`), the path of a TorchScript file (any that ends in
 *   `.pt`), or a hub name (`org/name`, `org/name@revision`). Default: the environment variable `TUBELET_MODEL`, else
 *   `MCG-NJU/videomae-base-finetuned-kinetics`.
 * @param options - See {@link LoadOptions}.
 * @returns The model; dispose of it when it is no longer needed.
 * @throws TubeletError INVALID_ARGUMENT; MODEL_NOT_FOUND; DOWNLOAD_FAILED, ACCESS_DENIED and WRITE_FAILED (no room in the
 *   cache) about a download, of which what has arrived is kept; MODEL_INVALID (a file is missing or wrong);
 *   CHECKPOINT_MISMATCH (tensors missing, left over or misshapen); UNTRUSTED_MODEL (a TorchScript file without
 *   `trust: true`); FILE_NOT_FOUND (the label file); READ_FAILED (also about a file that changes while it is read);
 *   DEVICE_UNAVAILABLE (says what was found); OUT_OF_MEMORY; RUNTIME_NOT_FOUND. An abort rejects with the signal's own
 *   reason.
 */
export function load(name?: string, options?: LoadOptions): Promise<Model> {
  return atCallSite(async () => {
    const model = readModelName('load', name) ?? defaultModel();
    const { onProgress, ...request } = readOptions('load', options, loadRules);
    return new Model(
      await openModel(model, { ...request, onProgress: onProgress && guarded('load', 'onProgress', onProgress) }),
    );
  });
}
