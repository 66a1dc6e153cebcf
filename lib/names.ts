/**
 * From a model's name to the folder that holds its checkpoint.
 *
 * A name is, in this order: a bundled name (`motion-vivit`), a path (absolute, or starting with `.`), or a hub name
 * (`org/name`, `org/name@revision`) in the local Hugging Face cache.
 *
 * @module
 */
import { readFile, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

import { TubeletError, isSystemError } from './errors';
import { kindOf } from './files';
import { packageRoot } from './package';
import { closest } from './suggest';

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
  return nonEmpty(process.env['TUBELET_MODEL']) ?? 'MCG-NJU/videomae-base-finetuned-kinetics';
}

/**
 * Finds a checkpoint's folder.
 *
 * @throws TubeletError MODEL_NOT_FOUND: nothing of that name here; the message says how to get it.
 */
export async function locate(name: string): Promise<Location> {
  const bundled = await bundledModels();
  if (bundled.includes(name)) return { name, folder: join(bundledFolder, name) };
  if (isAbsolute(name) || name.startsWith('.')) return locatePath(name);

  const hub = parseHubName(name);
  if (hub !== undefined) return locateInCache(hub, bundled);
  throw notFound(`There is no model '${name}'.${await suggestion(name, bundled)}`, bundled);
}

/** The names of the checkpoints that come with the package. */
export async function bundledModels(): Promise<string[]> {
  const entries = await readdir(bundledFolder);
  const kinds = await Promise.all(entries.map((entry) => kindOf(join(bundledFolder, entry, 'config.json'))));
  return entries.filter((_, index) => kinds[index] === 'file').sort();
}

async function locatePath(path: string): Promise<Location> {
  const folder = resolve(path);
  const kind = await kindOf(folder);
  if (kind === 'folder') return { name: folder, folder };
  if (kind === undefined) throw new TubeletError('MODEL_NOT_FOUND', `There is no folder ${folder}`);
  throw new TubeletError('MODEL_INVALID', `${folder} is not a folder: name the folder that config.json lies in`);
}

/** `org/name[@revision]`, as the hub allows them. */
interface HubName {
  repository: string;
  revision: string;
}

function parseHubName(name: string): HubName | undefined {
  const match = /^([\w-][\w.-]*\/[\w-][\w.-]*)(?:@([\w][\w./-]*))?$/.exec(name);
  const [, repository, revision = 'main'] = match ?? [];
  if (repository === undefined || revision.split('/').includes('..')) return undefined;
  return { repository, revision };
}

/** Hugging Face's own order of places. */
function hubCache(): string {
  const { HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = process.env;
  const cache = nonEmpty(HF_HUB_CACHE) ?? nonEmpty(HUGGINGFACE_HUB_CACHE);
  if (cache !== undefined) return expandHome(cache);
  const home = nonEmpty(HF_HOME);
  if (home !== undefined) return join(expandHome(home), 'hub');
  return join(expandHome(nonEmpty(XDG_CACHE_HOME) ?? '~/.cache'), 'huggingface', 'hub');
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function expandHome(path: string): string {
  return resolve(path.replace(/^~(?=\/|$)/, homedir()));
}

/** The folder of what `main` of a hub repository was when it came into the local cache, if it is there. */
export async function cachedSnapshot(repository: string): Promise<string | undefined> {
  const folder = join(hubCache(), `models--${repository.replace('/', '--')}`);
  const commit = await readCommit(join(folder, 'refs', 'main'));
  const snapshot = commit === undefined ? undefined : join(folder, 'snapshots', commit);
  return snapshot !== undefined && (await kindOf(snapshot)) === 'folder' ? snapshot : undefined;
}

async function locateInCache({ repository, revision }: HubName, bundled: string[]): Promise<Location> {
  const cache = hubCache();
  const folder = join(cache, `models--${repository.replace('/', '--')}`);
  const wanted = revision === 'main' ? repository : `${repository}@${revision}`;
  if ((await kindOf(folder)) !== 'folder') {
    const hint = await suggestion(wanted, bundled);
    throw notFound(
      `'${wanted}' is not in the Hugging Face cache ${cache}.${hint}\n${download(repository, revision)}`,
      bundled,
    );
  }

  const commit = isCommit(revision) ? revision : await readCommit(join(folder, 'refs', revision));
  const snapshot = commit === undefined ? undefined : join(folder, 'snapshots', commit);
  if (commit === undefined || snapshot === undefined || (await kindOf(snapshot)) !== 'folder') {
    throw notFound(
      `'${repository}' is in the Hugging Face cache ${cache}, but not its revision '${revision}'.\n` +
        download(repository, revision),
      bundled,
    );
  }
  return { name: repository, revision: commit, folder: snapshot };
}

function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

async function readCommit(ref: string): Promise<string | undefined> {
  try {
    const commit = (await readFile(ref, 'utf8')).trim();
    return isCommit(commit) ? commit : undefined;
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return undefined;
    throw error;
  }
}

/** What to type to get a model; `hf` is the program of Python's huggingface_hub. */
function download(repository: string, revision: string): string {
  const option = revision === 'main' ? '' : ` --revision ${revision}`;
  return `Get it with: hf download ${repository}${option}   (pip install huggingface_hub)`;
}

async function suggestion(name: string, bundled: string[]): Promise<string> {
  if ((await kindOf(name)) === 'folder') return ` For the folder of that name write './${name}'.`;
  const similar = closest(name, bundled);
  return similar === undefined ? '' : ` Did you mean '${similar}'?`;
}

function notFound(message: string, bundled: string[]): TubeletError {
  return new TubeletError(
    'MODEL_NOT_FOUND',
    `${message}\nThese come with tubelet: ${bundled.join(', ')}. A path must be absolute or start with '.'.`,
  );
}
