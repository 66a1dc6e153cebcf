/**
 * From a model's name to the folder that holds its checkpoint.
 *
 * A name is, in this order: a bundled name (`motion-vivit`), a path (absolute, starting with `.`, or ending in `.pt`: a
 * TorchScript file), or a hub name (`org/name`, `org/name@revision`), which is downloaded into the shared Hugging Face
 * cache unless it is there.
 *
 * @module
 */
import { readdir } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';

import { TubeletError, hasTubeletCode } from '../base/errors';
import { kindOf } from '../base/files';
import { packageRoot } from '../base/package';
import { closest } from '../base/suggest';
import { RepositoryCache } from '../hub/cache';
import { lackingIn } from '../hub/checkpoint-files';
import { hubCache, offlineBecauseOf, variable } from '../hub/environment';
import { type PullOptions, pull } from '../hub/pull';
import { type HubName, parseHubName, titleOf } from '../hub/repository';
import { licenceOf, readPresets } from './presets';

/** Where a name leads. */
export interface Location {
  /** The name as results report it: bundled and hub names as given (without revision), paths made absolute. */
  name: string;
  /** The commit, for a hub name. */
  revision?: string;
  folder: string;
}

const bundledFolder = join(packageRoot, 'models');

/** The model that is used when the caller names none. */
export function defaultModel(): string {
  return variable('TUBELET_MODEL') ?? 'MCG-NJU/videomae-base-finetuned-kinetics';
}

/**
 * Finds a checkpoint's folder; downloads what a hub name lacks.
 *
 * @throws TubeletError MODEL_NOT_FOUND: nothing of that name; the message says what to do. DOWNLOAD_FAILED,
 *   ACCESS_DENIED, WRITE_FAILED: it cannot be downloaded.
 */
export async function locate(name: string, options: PullOptions = {}): Promise<Location> {
  const bundled = await bundledModels();
  if (bundled.includes(name)) return { name, folder: join(bundledFolder, name) };
  if (isAbsolute(name) || name.startsWith('.') || isProgramName(name)) return locatePath(name);

  const hub = parseHubName(name);
  if (hub !== undefined) return locateOnHub(hub, bundled, options);
  throw notFound(`There is no model '${name}'.${await suggestion(name, bundled)}`, bundled);
}

/** The names of the checkpoints that come with the package. */
export async function bundledModels(): Promise<string[]> {
  const entries = await readdir(bundledFolder);
  const kinds = await Promise.all(entries.map((entry) => kindOf(join(bundledFolder, entry, 'config.json'))));
  return entries.filter((_, index) => kinds[index] === 'file').sort();
}

/**
 * The TorchScript file that a name means; `undefined` when it means something else.
 *
 * @returns An absolute path.
 * @throws TubeletError MODEL_NOT_FOUND
 */
export async function programFile(name: string): Promise<string | undefined> {
  if (!isProgramName(name)) return undefined;
  const file = resolve(name);
  const kind = await kindOf(file);
  if (kind === undefined) throw new TubeletError('MODEL_NOT_FOUND', `There is no file ${file}`);
  return kind === 'folder' ? undefined : file;
}

/** A hub name that ended so would be taken for a path, and never asked for. */
function isProgramName(name: string): boolean {
  return name.endsWith('.pt');
}

async function locatePath(path: string): Promise<Location> {
  const folder = resolve(path);
  const kind = await kindOf(folder);
  if (kind === 'folder') return { name: folder, folder };
  if (kind === undefined) throw new TubeletError('MODEL_NOT_FOUND', `There is no folder ${folder}`);
  if (isProgramName(path)) {
    throw new TubeletError('INVALID_ARGUMENT', `${folder} is a TorchScript file and no checkpoint: only load takes it`);
  }
  throw new TubeletError(
    'MODEL_INVALID',
    `${folder} is not a folder: name the folder that config.json lies in, or a TorchScript file, whose name ends in .pt`,
  );
}

/** What is whole in the cache is used as it is, without a request; what is not is fetched. */
async function locateOnHub(hub: HubName, bundled: string[], options: PullOptions): Promise<Location> {
  const { repository, revision } = hub;
  const cache = new RepositoryCache(repository);
  const commit = await cache.commitOf(revision);
  const folder = commit === undefined ? undefined : cache.snapshot(commit);
  const lacking = folder === undefined ? undefined : await lackingIn(folder, options.configurationOnly);
  if (commit !== undefined && folder !== undefined && lacking?.length === 0) {
    return { name: repository, revision: commit, folder };
  }

  const title = titleOf(hub);
  const hint = await suggestion(title, bundled);
  if (hint !== '') throw notFound(`'${title}' is not in the Hugging Face cache ${hubCache()}.${hint}`, bundled);
  const reason = offlineBecauseOf();
  if (reason !== undefined) {
    const message = `${offline(title, lacking, reason)}\n${await choices(repository, bundled)}`;
    throw new TubeletError('MODEL_NOT_FOUND', message);
  }
  const pulled = await pull(hub, options).catch(async (error: unknown) => {
    if (!hasTubeletCode(error) || error.code !== 'DOWNLOAD_FAILED') throw error;
    throw new TubeletError(error.code, `${error.message}.\n${await choices(repository, bundled)}`, {
      cause: error.cause,
    });
  });
  return { name: repository, revision: pulled.commit, folder: pulled.folder };
}

/** What else there is without a network, and where a name came from that was not typed. */
async function choices(name: string, bundled: string[]): Promise<string> {
  const licence = await licenceOf(name);
  const terms = licence === null ? '' : ` (licence ${licence.id})`;
  const origin = name === defaultModel() ? `'${name}'${terms} is the model that is used when none is named.\n` : '';
  return `${origin}These come with tubelet and need no network: ${bundled.join(', ')}. Name one as 'model', or with --model.`;
}

function offline(title: string, lacking: string[] | undefined, variable: string): string {
  const isThere = lacking !== undefined && lacking.length > 0 && !lacking.includes('config.json');
  const state = isThere ? `in the Hugging Face cache ${hubCache()}, but without ${lacking.join(', ')}` : undefined;
  return (
    `'${title}' is ${state ?? `not in the Hugging Face cache ${hubCache()}`}.\n` +
    `The environment variable ${variable} forbids to download it: unset it, or run 'tubelet pull ${title}' where there ` +
    'is a network and copy the cache.'
  );
}

async function suggestion(name: string, bundled: string[]): Promise<string> {
  if ((await kindOf(name)) === 'folder') return ` For the folder of that name write './${name}'.`;
  const known = [...(await readPresets()).checkpoints.keys()];
  const similar = closest(name, bundled) ?? (name.includes('/') ? undefined : bySecondPart(name, known));
  return similar === undefined ? '' : ` Did you mean '${similar}'?`;
}

/** The hub name whose part after the organisation is that word, or one much like it, or begins with it. */
function bySecondPart(word: string, names: readonly string[]): string | undefined {
  const parts = new Map(names.map((name) => [name.slice(name.indexOf('/') + 1), name]));
  const candidates = [...parts.keys()];
  const similar = closest(word, candidates);
  return parts.get(similar ?? candidates.find((part) => part.startsWith(word.toLowerCase())) ?? '');
}

function notFound(message: string, bundled: string[]): TubeletError {
  return new TubeletError(
    'MODEL_NOT_FOUND',
    `${message}\nThese come with tubelet: ${bundled.join(', ')}. A path must be absolute or start with '.'.`,
  );
}
