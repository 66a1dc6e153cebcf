/**
 * Reads a checkpoint's folder in Hugging Face's layout: configuration, preprocessing and where the weights are. The
 * weights themselves are left to the native side.
 *
 * @module
 */
import { join } from 'node:path';

import { TubeletError } from '../base/errors';
import { type FileIdentity, identify, kindOf } from '../base/files';
import { type JsonObject, isObject, readJson } from '../base/json';
import {
  configurationFile,
  preprocessorFiles,
  requireNoAdapter,
  requireNoPointer,
  weightNames,
  weightsIn,
} from '../hub/checkpoint-files';
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
  /** `family` is `null` for a third-party program. */
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
  const file = join(folder, configurationFile);
  const json = await readFileOf(file);
  if (json === undefined) {
    await requireNoAdapter(folder);
    throw new TubeletError('MODEL_INVALID', `There is no config.json in ${folder}: is it a checkpoint's folder?`);
  }
  return { config: readConfig(json, file), json, file };
}

/** One of the small files; `undefined` when it is not there. */
async function readFileOf(file: string): Promise<JsonObject | undefined> {
  if ((await kindOf(file)) === 'file') await requireNoPointer(file);
  return readJson(file);
}

/**
 * transformers' own order: the nested form that newer versions save comes first, and a video processor's file before
 * the image processor's.
 */
async function findPreprocessing(folder: string, config: ModelConfig): Promise<NativePreprocessing> {
  const [nested, video, image] = preprocessorFiles;
  const processor = await readFileOf(join(folder, nested));
  for (const kind of ['video', 'image'] as const) {
    const value = processor?.[`${kind}_processor`];
    const place = `${join(folder, nested)} (${kind}_processor)`;
    if (isObject(value)) return readPreprocessing(value, place, config.family, kind);
  }

  for (const [name, kind] of [
    [video, 'video'],
    [image, 'image'],
  ] as const) {
    const file = join(folder, name);
    const value = await readFileOf(file);
    if (value !== undefined) return readPreprocessing(value, file, config.family, kind);
  }
  throw new TubeletError(
    'MODEL_INVALID',
    `There is no preprocessor_config.json in ${folder}. It says how frames become pixels, and a guess would give wrong ` +
      'answers: save it with processor.save_pretrained(folder), or copy it from the model that this one was tuned from.',
  );
}

async function findWeights(folder: string): Promise<Pick<Checkpoint, 'format' | 'weights'>> {
  const found = await weightsIn(folder);
  if (found === undefined) {
    await requireNoAdapter(folder);
    throw new TubeletError(
      'MODEL_INVALID',
      `There are no weights in ${folder} (looked for ${weightNames}). If it was downloaded, the download is incomplete.`,
    );
  }
  const { format, names } = found;
  return { format, weights: await Promise.all(names.map((name) => findFile(join(folder, name)))) };
}

async function findFile(path: string): Promise<FileIdentity> {
  const file = await identify(path);
  if (file === undefined) throw new TubeletError('MODEL_INVALID', `${path} is not there, but the index names it`);
  await requireNoPointer(path);
  return file;
}
