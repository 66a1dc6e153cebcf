/**
 * How a checkpoint was sampled in training. Its configuration in Hugging Face's format does not say: models/presets.json
 * knows the published checkpoints, a config.json may say so itself, and any other fine-tune takes after its family.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Family, ModelConfig } from './config';
import { TubeletError } from './errors';
import { type JsonObject, isObject } from './json';
import { packageRoot } from './package';
import { type TrainedSampling, nominalFps } from './sampling';

/** `stride: null`: the frames were spread evenly over the whole video. */
interface Preset {
  stride: number | null;
  fps?: number;
}

interface Presets {
  families: Record<Family, Preset>;
  checkpoints: Record<string, Preset>;
}

let presets: Promise<Presets> | undefined;

/**
 * The sampling of one checkpoint: what its config.json says under `"tubelet": { "sampling": { "frames": 8, "stride": 4,
 * "fps": 30 } }`, else its preset, else its family's stride at 30 frames a second.
 *
 * @param file - config.json's path, for messages.
 * @throws TubeletError MODEL_INVALID
 */
export async function trainedSampling(
  name: string,
  json: JsonObject,
  config: ModelConfig,
  file: string,
): Promise<TrainedSampling> {
  const { families, checkpoints } = await readPresets();
  const { stride, fps = nominalFps } = checkpoints[name] ?? families[config.family];
  const preset = { frames: config.frames, stride, fps };
  const own = json['tubelet'];
  return isObject(own) && own['sampling'] !== undefined ? ownSampling(own['sampling'], preset, file) : preset;
}

/** How a family's published Kinetics checkpoints are sampled: what `readFrames` does when nothing is said. */
export async function familySampling(family: Family, frames: number): Promise<TrainedSampling> {
  const { stride, fps = nominalFps } = (await readPresets()).families[family];
  return { frames, stride, fps };
}

function ownSampling(sampling: unknown, preset: TrainedSampling, file: string): TrainedSampling {
  if (!isObject(sampling)) throw invalid(file, 'must be an object with stride and fps');
  const { frames = preset.frames, stride = preset.stride, fps = preset.fps } = sampling;
  if (frames !== preset.frames) {
    throw invalid(file, `has ${JSON.stringify(frames)} frames, but the model takes ${preset.frames} (num_frames)`);
  }
  if (stride !== null && !isPositive(stride))
    throw invalid(file, "has a 'stride' that is not a number above 0 or null");
  if (!isPositive(fps)) throw invalid(file, "has an 'fps' that is not a number above 0");
  return { frames, stride, fps };
}

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

function readPresets(): Promise<Presets> {
  presets ??= readFile(join(packageRoot, 'models', 'presets.json'), 'utf8').then((text) => JSON.parse(text) as Presets);
  return presets;
}

function invalid(file: string, reason: string): TubeletError {
  return new TubeletError('MODEL_INVALID', `${file}: 'tubelet.sampling' ${reason}`);
}
