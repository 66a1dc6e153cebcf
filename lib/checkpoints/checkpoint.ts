/**
 * Reads a checkpoint's folder in Hugging Face's layout: configuration, preprocessing and where the weights are. The
 * weights themselves are left to the native side.
 *
 * @module
 */
import { join } from 'node:path';

import { TubeletError } from '../base/errors';
import { type FileIdentity, identify } from '../base/files';
import { type JsonObject, isObject, readJson } from '../base/json';
import { isShardName } from '../hub/checkpoint-files';
import type { PullOptions } from '../hub/pull';
import type { NativeModelSpec, NativePreprocessing } from '../native/binding';
import type { Family } from '../sampling/family';
import type { TrainedSampling } from '../sampling/sampling';
import { type ModelConfig, readConfig } from './config';
import { type Location, locate } from './locate';
import { fitToModel, readPreprocessing } from './preprocessing';
import { type Licence, licenceOf, readPresets, trainedSampling } from './presets';
import type { Layout, Origin } from './program-metadata';

/** What a checkpoint says about itself, read and checked. */
export interface CheckpointConfiguration extends Location {
  config: ModelConfig;
  preprocessing: NativePreprocessing;
  sampling: TrainedSampling;
  /** `null`: not known. */
  licence: Licence | null;
}

/** The same with its weights, or what is known of a TorchScript file. */
export interface Checkpoint extends Omit<CheckpointConfiguration, 'config'> {
  /** `family` is `null` for somebody else's program. */
  config: Omit<ModelConfig, 'family'> & { family: Family | null };
  format: NativeModelSpec['format'];
  weights: FileIdentity[];
  layout: Layout;
  /** What a TorchScript file was made of, if it says so. */
  origin: Origin | null;
}

/**
 * Finds a checkpoint by its name, downloads it if need be, and reads its configuration.
 *
 * @throws TubeletError MODEL_NOT_FOUND, MODEL_INVALID, READ_FAILED, DOWNLOAD_FAILED, ACCESS_DENIED, WRITE_FAILED
 */
export async function openCheckpoint(
  name: string,
  options?: PullOptions,
): Promise<Checkpoint & { config: ModelConfig }> {
  const location = await locate(name, { ...options, beforeWeights: checkConfiguration });
  const own = { layout: 'TCHW', origin: null } as const;
  return { ...(await describeCheckpoint(location)), ...(await findWeights(location.folder)), ...own };
}

/**
 * The same without weights, which need not be there and are not downloaded.
 *
 * @throws TubeletError as {@link openCheckpoint}
 */
export async function openConfiguration(name: string, options?: PullOptions): Promise<CheckpointConfiguration> {
  return describeCheckpoint(await locate(name, { ...options, configurationOnly: true }));
}

async function describeCheckpoint(location: Location): Promise<CheckpointConfiguration> {
  const { folder } = location;
  const { config, json, file } = await readConfiguration(folder);
  const known = (await readPresets()).checkpoints.get(location.name);
  const preprocessing = fitToModel(await findPreprocessing(folder, config), config.size, known?.size, folder);
  const sampling = await trainedSampling(location.name, json, config, file);
  const licence = await licenceOf(location.name);
  return { ...location, config, preprocessing, sampling, licence };
}

/**
 * Refuses a model that cannot be run, before its weights are fetched.
 *
 * @throws TubeletError MODEL_INVALID, READ_FAILED
 */
export async function checkConfiguration(folder: string): Promise<void> {
  const { config } = await readConfiguration(folder);
  await findPreprocessing(folder, config);
}

async function readConfiguration(folder: string): Promise<{ config: ModelConfig; json: JsonObject; file: string }> {
  const file = join(folder, 'config.json');
  const json = await readJson(file);
  if (json === undefined) {
    throw new TubeletError('MODEL_INVALID', `There is no config.json in ${folder}: is it a checkpoint's folder?`);
  }
  return { config: readConfig(json, file), json, file };
}

/**
 * transformers' own order: the nested form that newer versions save comes first, and a video processor's file before
 * the image processor's.
 */
async function findPreprocessing(folder: string, config: ModelConfig): Promise<NativePreprocessing> {
  const nested = join(folder, 'processor_config.json');
  const processor = await readJson(nested);
  for (const kind of ['video', 'image'] as const) {
    const value = processor?.[`${kind}_processor`];
    if (isObject(value)) return readPreprocessing(value, `${nested} (${kind}_processor)`, config.family, kind);
  }

  for (const [name, kind] of [
    ['video_preprocessor_config.json', 'video'],
    ['preprocessor_config.json', 'image'],
  ] as const) {
    const file = join(folder, name);
    const value = await readJson(file);
    if (value !== undefined) return readPreprocessing(value, file, config.family, kind);
  }
  throw new TubeletError(
    'MODEL_INVALID',
    `There is no preprocessor_config.json in ${folder}. It says how frames become pixels, and a guess would give wrong ` +
      'answers: save it with processor.save_pretrained(folder), or copy it from the model that this one was tuned from.',
  );
}

/** safetensors before .bin, one file before shards, as transformers looks for them. */
async function findWeights(folder: string): Promise<Pick<Checkpoint, 'format' | 'weights'>> {
  const single = await identify(join(folder, 'model.safetensors'));
  if (single !== undefined) return { format: 'safetensors', weights: [single] };

  const index = join(folder, 'model.safetensors.index.json');
  const shards = await readJson(index);
  if (shards !== undefined) return { format: 'safetensors', weights: await findShards(folder, shards, index) };

  const bin = await identify(join(folder, 'pytorch_model.bin'));
  if (bin !== undefined) return { format: 'pytorch-bin', weights: [bin] };

  const looked = 'model.safetensors, model.safetensors.index.json and pytorch_model.bin';
  throw new TubeletError(
    'MODEL_INVALID',
    `There are no weights in ${folder} (looked for ${looked}). If it was downloaded, the download is incomplete.`,
  );
}

async function findShards(folder: string, index: JsonObject, file: string): Promise<FileIdentity[]> {
  const map = index['weight_map'];
  if (!isObject(map)) throw new TubeletError('MODEL_INVALID', `${file}: 'weight_map' must map tensors to files`);

  const names = [...new Set(Object.values(map))].sort();
  if (names.length === 0) throw new TubeletError('MODEL_INVALID', `${file}: 'weight_map' is empty`);
  return Promise.all(
    names.map(async (name) => {
      if (!isShardName(name)) {
        throw new TubeletError('MODEL_INVALID', `${file} names ${JSON.stringify(name)}, which is no file beside it`);
      }
      const shard = await identify(join(folder, name));
      if (shard === undefined) throw new TubeletError('MODEL_INVALID', `${file} names ${name}, which is not there`);
      return shard;
    }),
  );
}
