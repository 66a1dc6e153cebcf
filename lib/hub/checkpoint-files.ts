/**
 * Which files a checkpoint consists of, in a repository on the hub and in a folder.
 *
 * @module
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';

import { TubeletError, asReadFailure } from '../base/errors';
import { identify, kindOf } from '../base/files';
import { isObject, readJson } from '../base/json';

/** Says which model it is. */
export const configurationFile = 'config.json';

/** Where preprocessing may be described, in the order in which transformers looks. The first nests it. */
export const preprocessorFiles = [
  'processor_config.json',
  'video_preprocessor_config.json',
  'preprocessor_config.json',
] as const;

/** How weights are stored. */
export type WeightFormat = 'safetensors' | 'pytorch-bin';

/** One way in which weights come: as one file, or as shards that an index names. */
interface WeightForm {
  format: WeightFormat;
  /** The file of weights, or the index. */
  name: string;
  /** What shards are called; absent where `name` holds the weights. */
  shards?: RegExp;
}

/** In the order in which transformers looks. A shard's name is a plain one: an index must not lead out of its folder. */
const weightForms: readonly WeightForm[] = [
  { format: 'safetensors', name: 'model.safetensors' },
  { format: 'safetensors', name: 'model.safetensors.index.json', shards: /^[\w-][\w.-]*\.safetensors$/ },
  { format: 'pytorch-bin', name: 'pytorch_model.bin' },
  { format: 'pytorch-bin', name: 'pytorch_model.bin.index.json', shards: /^[\w-][\w.-]*\.bin$/ },
];

/** What weights may be called, for messages. */
export const weightNames = weightForms.map(({ name }) => name).join(', ');

const adapterFile = 'adapter_config.json';

/** The files to fetch, the small ones first. */
export interface NeededFiles {
  small: string[];
  /** Empty where an index, one of the small files, names them: see {@link weightsIn}. */
  weights: string[];
}

/**
 * Chooses from a repository's files: configuration, the preprocessor's under any of its names, and weights in the first
 * form that there is.
 *
 * @param title - The repository, for messages.
 * @throws TubeletError MODEL_INVALID: it is no checkpoint.
 */
export function neededFiles(title: string, files: readonly string[]): NeededFiles {
  const small = [configurationFile, ...preprocessorFiles].filter((name) => files.includes(name));
  const form = weightForms.find(({ name }) => files.includes(name));
  if (!files.includes(configurationFile) || form === undefined) {
    if (files.includes(adapterFile)) throw adapterOnly(`'${title}' on the hub`);
    const lacking = files.includes(configurationFile) ? `weights (${weightNames})` : configurationFile;
    throw new TubeletError(
      'MODEL_INVALID',
      `'${title}' on the hub is not a transformers checkpoint: it has no ${lacking}`,
    );
  }
  return form.shards === undefined ? { small, weights: [form.name] } : { small: [...small, form.name], weights: [] };
}

/** The files of weights that a folder should have. */
export interface FolderWeights {
  format: WeightFormat;
  /** Names in the folder; those of shards may be missing there. */
  names: string[];
}

/**
 * The weights of a folder, in the first form that there is; `undefined` when there are none.
 *
 * @throws TubeletError MODEL_INVALID: an index that names no shards. READ_FAILED
 */
export async function weightsIn(folder: string): Promise<FolderWeights | undefined> {
  for (const { format, name, shards } of weightForms) {
    const path = join(folder, name);
    if ((await identify(path)) === undefined) continue; // a file that may not be looked at is not absent
    return { format, names: shards === undefined ? [name] : await shardsIn(path, shards) };
  }
  return undefined;
}

async function shardsIn(index: string, pattern: RegExp): Promise<string[]> {
  const map = (await readJson(index))?.['weight_map'];
  const names = [...new Set(isObject(map) ? Object.values(map) : [])];
  const isShard = (name: unknown): name is string => typeof name === 'string' && pattern.test(name);
  if (names.length > 0 && names.every(isShard)) return names.sort();
  const wrong = names.find((name) => !isShard(name));
  const reason = wrong === undefined ? '' : `, not to ${JSON.stringify(wrong)}`;
  throw new TubeletError(
    'MODEL_INVALID',
    `${index}: 'weight_map' must map tensors to files of weights beside it${reason}`,
  );
}

/** What a folder lacks to be a whole checkpoint, or its configuration, in words; nothing when it is one. */
export async function lackingIn(folder: string, configurationOnly = false): Promise<string[]> {
  const has = async (name: string): Promise<boolean> => (await kindOf(join(folder, name))) === 'file';
  const lacking: string[] = [];
  if (!(await has(configurationFile))) lacking.push(configurationFile);
  if (!(await Promise.all(preprocessorFiles.map(has))).includes(true)) lacking.push('preprocessor_config.json');
  if (configurationOnly) return lacking;
  const weights = await weightsIn(folder);
  if (weights === undefined) return [...lacking, 'weights'];
  const there = await Promise.all(weights.names.map(has));
  return [...lacking, ...weights.names.filter((_, index) => there[index] === false)];
}

/**
 * Refuses a folder that holds a PEFT adapter and not the model that it belongs to. Called when something is missing.
 *
 * @throws TubeletError MODEL_INVALID
 */
export async function requireNoAdapter(folder: string): Promise<void> {
  if ((await kindOf(join(folder, adapterFile))) === 'file') throw adapterOnly(folder);
}

function adapterOnly(what: string): TubeletError {
  return new TubeletError(
    'MODEL_INVALID',
    `${what} holds a PEFT adapter (${adapterFile}), not a whole model. Merge it into its base model with PEFT and save ` +
      'the result: model.merge_and_unload().save_pretrained(folder), and processor.save_pretrained(folder)',
  );
}

const pointerStart = 'version https://git-lfs.github.com/spec/';

/**
 * Refuses a file whose content Git LFS has not fetched: a few lines of text are in its place.
 *
 * @throws TubeletError MODEL_INVALID, READ_FAILED
 */
export async function requireNoPointer(path: string): Promise<void> {
  const start = Buffer.alloc(pointerStart.length);
  try {
    const file = await open(path);
    try {
      await file.read(start, 0, start.length, 0);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw asReadFailure(error, path);
  }
  if (start.toString('latin1') !== pointerStart) return;
  throw new TubeletError(
    'MODEL_INVALID',
    `${path} is a Git LFS pointer: the file itself was not downloaded. Run 'git lfs pull' in its repository`,
  );
}
