/**
 * Fetches what a checkpoint needs into the shared cache.
 *
 * @module
 */
import { abortable } from '../base/abort';
import { TubeletError, hasTubeletCode, isSystemError } from '../base/errors';
import { type Download, type DownloadProgress, fetchBlob } from './blob';
import { RepositoryCache } from './cache';
import { neededFiles, weightsIn } from './checkpoint-files';
import { HubClient } from './client';
import { hubCache } from './environment';
import { type HubName, titleOf } from './repository';

/** How to fetch. */
export interface PullOptions {
  signal?: AbortSignal | undefined;
  /** Called when a file begins and whenever more of it has arrived. */
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** Looks at the snapshot when all but the weights is there; what it throws ends the download. */
  beforeWeights?: ((folder: string) => Promise<void>) | undefined;
  /** Whether the configuration is enough: weights are then neither fetched nor missed. */
  configurationOnly?: boolean | undefined;
}

/** A checkpoint that is in the cache. */
export interface Pulled {
  commit: string;
  folder: string;
  /** As the model card has it, such as `cc-by-nc-4.0`. */
  license?: string;
}

/**
 * Asks the hub what the revision is now and fetches what is missing of it. A file appears in the snapshot when it has
 * been verified, and the revision is noted when all that were wanted have appeared. What has arrived of a file stays for the next time.
 *
 * @throws TubeletError MODEL_NOT_FOUND, ACCESS_DENIED, DOWNLOAD_FAILED, WRITE_FAILED, MODEL_INVALID (no checkpoint)
 */
export async function pull(name: HubName, options: PullOptions = {}): Promise<Pulled> {
  // The caller need not wait until files are closed and locks released.
  return abortable(pullAll(name, options), options.signal);
}

async function pullAll(name: HubName, options: PullOptions): Promise<Pulled> {
  const { signal, onProgress, beforeWeights, configurationOnly = false } = options;
  const cache = new RepositoryCache(name.repository);
  const client = await HubClient.for(name, signal);
  const download: Download = { client, cache, signal, onProgress };
  const { commit, files, license } = await client.revision();
  const folder = cache.snapshot(commit);
  try {
    const { small, weights } = neededFiles(titleOf(name), files);
    for (const file of small) await fetchFile(commit, file, download);
    await beforeWeights?.(folder);
    if (!configurationOnly) {
      const shards = weights.length === 0 ? await weightsIn(folder) : undefined;
      for (const file of shards?.names ?? weights) await fetchFile(commit, file, download);
    }
    await cache.remember(name.revision, commit);
  } catch (error) {
    throw asWriteFailure(error, titleOf(name));
  }
  return { commit, folder, ...(license !== undefined && { license }) };
}

async function fetchFile(commit: string, name: string, download: Download): Promise<void> {
  const { client, cache } = download;
  if (await cache.has(commit, name)) return;
  const file = await client.file(commit, name);
  await fetchBlob(file, download);
  await cache.link(commit, name, file.etag);
}

/** Failures of the file system are those of writing: nothing else is read here but what was written. */
function asWriteFailure(error: unknown, title: string): unknown {
  const isOwn = hasTubeletCode(error) && error.code === 'WRITE_FAILED';
  if (!isOwn && !isSystemError(error)) return error;
  return new TubeletError(
    'WRITE_FAILED',
    `Cannot write '${title}' to the cache ${hubCache()}: ${error.message}. Make room there, or name another ` +
      'folder with the environment variable HF_HUB_CACHE',
    { cause: error },
  );
}
