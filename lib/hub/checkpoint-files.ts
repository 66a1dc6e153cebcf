/**
 * Which of a repository's files a checkpoint consists of.
 *
 * @module
 */
import { join } from 'node:path';

import { TubeletError } from '../base/errors';
import { kindOf } from '../base/files';
import { isObject, readJson } from '../base/json';

const configuration = 'config.json';
const preprocessing = ['processor_config.json', 'video_preprocessor_config.json', 'preprocessor_config.json'];
const singleFile = 'model.safetensors';

/** Names the files that a large checkpoint is split into. */
export const shardIndex = 'model.safetensors.index.json';
const pickled = 'pytorch_model.bin';

/** The files to fetch, the small ones first; which shards there are stands in {@link shardIndex}. */
export interface NeededFiles {
  small: string[];
  weights: string[];
}

/**
 * Chooses from a repository's files: configuration, the preprocessor's under any of its names, and weights in the first
 * form that there is, safetensors before `.bin`.
 *
 * @param title - The repository, for messages.
 * @throws TubeletError MODEL_INVALID: it is no checkpoint.
 */
export function neededFiles(title: string, files: readonly string[]): NeededFiles {
  const small = [configuration, ...preprocessing].filter((name) => files.includes(name));
  const weights = [singleFile, shardIndex, pickled].find((name) => files.includes(name));
  if (!files.includes(configuration) || weights === undefined) {
    const lacking = files.includes(configuration)
      ? `weights (${singleFile}, ${shardIndex}, ${pickled})`
      : configuration;
    throw new TubeletError(
      'MODEL_INVALID',
      `'${title}' on the hub is no checkpoint of transformers: it has no ${lacking}`,
    );
  }
  return weights === shardIndex ? { small: [...small, shardIndex], weights: [] } : { small, weights: [weights] };
}

/**
 * The shards that an index names.
 *
 * @throws TubeletError MODEL_INVALID
 */
export async function shardsIn(folder: string): Promise<string[]> {
  const file = join(folder, shardIndex);
  const map = (await readJson(file))?.['weight_map'];
  const names = [...new Set(isObject(map) ? Object.values(map) : [])];
  if (names.length > 0 && names.every(isShardName)) return names.sort();
  throw new TubeletError('MODEL_INVALID', `${file}: 'weight_map' must map tensors to safetensors files beside it`);
}

/** A plain file name: an index must not lead out of its folder. */
export function isShardName(name: unknown): name is string {
  return typeof name === 'string' && /^[\w-][\w.-]*\.safetensors$/.test(name);
}

/** What a folder lacks to be a whole checkpoint, or its configuration, in words; nothing when it is one. */
export async function lackingIn(folder: string, configurationOnly = false): Promise<string[]> {
  const has = async (name: string): Promise<boolean> => (await kindOf(join(folder, name))) === 'file';
  const lacking: string[] = [];
  if (!(await has(configuration))) lacking.push(configuration);
  if (!(await Promise.all(preprocessing.map(has))).includes(true)) lacking.push('preprocessor_config.json');
  if (configurationOnly || (await has(singleFile))) return lacking;
  if (await has(shardIndex)) {
    const shards = await shardsIn(folder);
    const there = await Promise.all(shards.map(has));
    return [...lacking, ...shards.filter((_, index) => there[index] === false)];
  }
  return (await has(pickled)) ? lacking : [...lacking, 'weights'];
}
