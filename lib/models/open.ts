/**
 * From a name to a checkpoint in memory.
 *
 * @module
 */
import { abortable } from '../base/abort';
import { type AdjustmentRequest, adjusted } from '../checkpoints/adjust';
import { type Checkpoint, openCheckpoint } from '../checkpoints/checkpoint';
import { programFile } from '../checkpoints/locate';
import { type SpecOptions, nativeSpec } from '../checkpoints/native-spec';
import { paperViews } from '../checkpoints/paper-views';
import {
  type Answer,
  type ProgramRequest,
  answerOf,
  openProgram,
  requireNoProgramOptions,
} from '../checkpoints/program';
import { sha256OfWeights } from '../checkpoints/weights-sha256';
import type { PullOptions } from '../hub/pull';
import type { NativeModel, NativeViews, Precision } from '../native/binding';
import { runTask } from '../native/run-task';
import { openBinding } from '../native/runtime';
import type { Device } from '../options/device';
import type { ModelInfo } from './info';
import { LoadedModel } from './loaded';

/** Checked options of {@link load}. */
export interface LoadRequest extends AdjustmentRequest, ProgramRequest {
  device?: Device | undefined;
  precision?: Precision | 'auto' | undefined;
  threads?: number | undefined;
  maxQueue?: number | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: PullOptions['onProgress'];
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

/** A third-party program has the one that it was saved in, for which the native side knows no other word. */
function precisionOf({ config }: Checkpoint, wanted: LoadRequest['precision']): LoadRequest['precision'] {
  return config.family === null && wanted === 'auto' ? 'fp32' : wanted;
}

/** What the published test protocol does with the frames; `null` for a third-party program. */
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
    scores: config.scores,
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
