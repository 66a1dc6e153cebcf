/**
 * A checkpoint as one TorchScript file.
 *
 * @module
 */
import { resolve } from 'node:path';

import { abortable } from '../base/abort';
import { guarded } from '../base/callbacks';
import { TubeletError, atCallSite } from '../base/errors';
import { kindOf } from '../base/files';
import { packageVersion } from '../base/package';
import {
  type Rule,
  abortSignal,
  boolean,
  callback,
  describe,
  invalid,
  readModelName,
  readOptions,
  text,
} from '../base/rules';
import { type Adjustments, adjusted, adjustmentRules } from '../checkpoints/adjust';
import { type Checkpoint, openCheckpoint } from '../checkpoints/checkpoint';
import { nativeSpec } from '../checkpoints/native-spec';
import { preprocessorConfig } from '../checkpoints/preprocessing';
import type { Metadata } from '../checkpoints/program-metadata';
import { sha256OfWeights } from '../checkpoints/weights-sha256';
import type { DownloadProgress } from '../hub/blob';
import { runTask } from '../native/run-task';
import { openBinding } from '../native/runtime';
import type { CheckpointIdentity } from '../results/results';

/** Options of {@link exportModel}. What they change about the checkpoint is what the file will say. */
export interface ExportOptions extends Adjustments {
  /** Whether to replace a file that is there already. Default false: WRITE_FAILED. */
  overwrite?: boolean | undefined;
  /** Ends the work; the promise rejects with the signal's own reason, and no file appears. */
  signal?: AbortSignal | undefined;
  /** As in {@link LoadOptions}. */
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
}

/** What {@link exportModel} has written. */
export interface ExportResult {
  /** The file's absolute path. */
  file: string;
  /** Its size. */
  bytes: number;
  /** Of which checkpoint it was made. */
  checkpoint: CheckpointIdentity;
}

const exportRules = {
  overwrite: boolean,
  signal: abortSignal,
  onProgress: callback as Rule<(progress: DownloadProgress) => void>,
  ...adjustmentRules,
};

/**
 * Writes a checkpoint as one TorchScript file: the program, its weights in fp32, and a tubelet.json with labels,
 * preprocessing, sampling and where the weights came from. {@link load} runs it with `trust: true`, and PyTorch without
 * tubelet: `torch.jit.load('file.pt')(pixels)` gives logits and embedding.
 *
 * ```ts
 * await exportModel('motion-vivit', 'motion-vivit.pt');
 * const model = await load('motion-vivit.pt', { trust: true });
 * ```
 *
 * The file appears whole or not at all. The checkpoint is read for it, whether or not it is loaded already: that takes
 * its size in memory while it is written.
 *
 * @param name - The checkpoint, as in {@link load}; not a TorchScript file.
 * @param file - Where to write; the name must end in `.pt`, by which {@link load} recognises such files.
 * @param options - See {@link ExportOptions}.
 * @returns What was written.
 * @throws TubeletError INVALID_ARGUMENT; WRITE_FAILED: the file is there already, or cannot be written (no room, no
 *   such folder); and those of {@link load} about finding and reading a checkpoint. An abort rejects with the signal's
 *   own reason.
 */
export function exportModel(name: string, file: string, options?: ExportOptions): Promise<ExportResult> {
  return atCallSite(async () => {
    const model = readModelName('exportModel', name);
    if (model === undefined) throw invalid('exportModel: name the model to export');
    const path = readTarget(file);
    const { overwrite = false, signal, onProgress, ...adjustments } = readOptions('exportModel', options, exportRules);
    if (!overwrite) await requireAbsent(path);

    const pulling = { signal, onProgress: onProgress && guarded('exportModel', 'onProgress', onProgress) };
    const found = await abortable(openCheckpoint(model, pulling), signal);
    const checkpoint = await abortable(adjusted(found, adjustments), signal);
    const sha256 = await abortable(sha256OfWeights(checkpoint.weights, signal), signal);
    const { name: of, revision } = checkpoint;
    const identity = { name: of, ...(revision !== undefined && { revision }), sha256 };

    const binding = await abortable(openBinding(), signal);
    const metadata = JSON.stringify(metadataOf(checkpoint, identity));
    const request = { spec: nativeSpec(checkpoint), path, overwrite, metadata };
    const bytes = await runTask(() => binding.exportModel(request), signal);
    return { file: path, bytes, checkpoint: identity };
  });
}

function readTarget(file: unknown): string {
  if (text.accepts(file) && file.endsWith('.pt')) return resolve(file);
  throw invalid(`exportModel: the file must be a path that ends in .pt, got ${describe(file)}`);
}

/** Before the checkpoint is downloaded and read in vain; the native side looks again. */
async function requireAbsent(path: string): Promise<void> {
  if ((await kindOf(path)) === undefined) return;
  throw new TubeletError(
    'WRITE_FAILED',
    `${path} is there already. Name another file, or say that it may be replaced (overwrite: true, or --force)`,
  );
}

function metadataOf(checkpoint: Checkpoint, identity: CheckpointIdentity): Metadata {
  const { config, preprocessing, sampling, licence } = checkpoint;
  return {
    frames: config.frames,
    size: config.size,
    preprocessor: preprocessorConfig(preprocessing),
    resize: preprocessing.antialias ? 'antialias' : 'plain',
    labels: config.labels,
    scores: config.scores,
    sampling,
    family: config.family ?? undefined,
    checkpoint: { ...identity, licence },
    tubelet: packageVersion(),
  };
}
