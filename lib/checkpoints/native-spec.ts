/**
 * A checkpoint as the native side takes it.
 *
 * @module
 */
import { join } from 'node:path';
import { createHash } from 'node:crypto';

import { packageRoot } from '../base/package';
import type { NativeModelSpec, Precision } from '../native/binding';
import type { Device } from '../options/device';
import type { Checkpoint } from './checkpoint';

/** How a model is to run. */
export interface SpecOptions {
  device?: Device | undefined;
  precision?: Precision | 'auto' | undefined;
  threads?: number | undefined;
  maxQueue?: number | undefined;
}

/** What the native side needs to load a checkpoint. */
export function nativeSpec(
  checkpoint: Checkpoint,
  { device = 'cpu', precision = 'fp32', threads = 0, maxQueue = defaultMaxQueue }: SpecOptions = {},
): NativeModelSpec {
  const { config, preprocessing, format, weights, layout } = checkpoint;
  const content = {
    programPath: config.family === null ? null : join(packageRoot, 'models', 'programs', `${config.family}.pt`),
    format,
    weightFiles: weights.map(({ path }) => path),
    identities: weights.map(({ key }) => key),
    config: config.numbers,
    preprocessing,
    frames: config.frames,
    ...config.size,
    layout,
  };
  // Weights are shared by what is in the files and which model it makes, not by name: links and copies of a name meet
  // here, and so do those who prepare their pixels in different ways.
  const which = [content.identities, content.config, content.frames, config.size, layout];
  const key = createHash('sha256').update(JSON.stringify(which)).digest('hex');
  return { ...content, key, device, precision, threads, maxQueue };
}

/** Calls that may wait on one model: a waiting call holds little more than a path. */
export const defaultMaxQueue = 1024;
