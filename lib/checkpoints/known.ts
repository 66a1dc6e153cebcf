/**
 * The checkpoints that tubelet knows by name, and which of them are here.
 *
 * @module
 */
import { hasTubeletCode } from '../base/errors';
import { RepositoryCache } from '../hub/cache';
import { lackingIn } from '../hub/checkpoint-files';
import type { Family } from '../sampling/family';
import { bundledModels } from './locate';
import { type Licence, licenceById, readPresets } from './presets';

/** A checkpoint that {@link load} takes by this name. */
export interface KnownModel {
  name: string;
  family: Family;
  /** The data whose classes it knows, or that it was trained on without labels; `null`: its card does not say. */
  knows: string | null;
  /** How many; 0 for a self-supervised checkpoint. */
  classes: number | null;
  /** Frames a clip. */
  frames: number;
  /** Every Nth frame of a video of 30 frames a second; `null`: evenly over the whole video. */
  stride: number | null;
  /** Pixels a side. */
  size: number;
  /** Percent on the data that it knows, as published: by the protocol of its paper, which takes several views. */
  top1: number | null;
  /** One view, multiply and add as two. */
  gflop: number;
  /** Millions. */
  parameters: number | null;
  licence: Licence;
  /** Who states `top1`. */
  source: string;
  /** Whether it comes with the package. */
  bundled: boolean;
  /** Whether it is on this machine: bundled, or whole in the Hugging Face cache. */
  cached: boolean;
}

/** All of them, those that come with the package first. */
export async function knownModels(): Promise<KnownModel[]> {
  const { checkpoints } = await readPresets();
  const bundled = await bundledModels();
  const models = await Promise.all(
    [...checkpoints].map(async ([name, preset]) => {
      const { family, knows, classes, frames, stride, size, top1, gflop, parameters, licence, source } = preset;
      const isBundled = bundled.includes(name);
      return {
        name,
        ...{ family, knows, classes, frames, stride, size, top1, gflop, parameters },
        licence: await licenceById(licence),
        source,
        bundled: isBundled,
        cached: isBundled || (await isCached(name)),
      };
    }),
  );
  return models.sort((a, b) => Number(b.bundled) - Number(a.bundled)); // a stable sort: else the order of the file
}

/** As `load` takes it without a request: whole, at what `main` was when it was fetched. */
async function isCached(name: string): Promise<boolean> {
  const cache = new RepositoryCache(name);
  const commit = await cache.commitOf('main');
  if (commit === undefined) return false;
  try {
    return (await lackingIn(cache.snapshot(commit))).length === 0;
  } catch (error) {
    if (hasTubeletCode(error)) return false; // an index that names no shards
    throw error;
  }
}
