/**
 * The environment variables of Hugging Face's own programs, read when they are needed, with the same meanings.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

import { TubeletError, asReadFailure, isSystemError } from '../base/errors';

/** Where the cache lies: `HF_HUB_CACHE`, else `hub` in Hugging Face's own folder. */
export function hubCache(): string {
  const cache = variable('HF_HUB_CACHE') ?? variable('HUGGINGFACE_HUB_CACHE');
  return cache === undefined ? join(hubHome(), 'hub') : expandHome(cache);
}

/** The hub's address without a slash at the end: `HF_ENDPOINT`, else the public hub. */
export function hubEndpoint(): string {
  const endpoint = variable('HF_ENDPOINT') ?? 'https://huggingface.co';
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const fits = (url?.protocol === 'https:' || url?.protocol === 'http:') && url.username === '' && url.password === '';
  if (url === undefined || !fits) {
    throw new TubeletError(
      'INVALID_ARGUMENT',
      "The environment variable HF_ENDPOINT must be an address such as 'https://huggingface.co', without a user name",
    );
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** The variable that forbids every request, if one does. */
export function offlineBecauseOf(): string | undefined {
  return ['HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE'].find((name) => /^(1|on|yes|true)$/i.test(variable(name) ?? ''));
}

/** The user's token: `HF_TOKEN`, else the file that `hf auth login` writes. */
export async function hubToken(): Promise<string | undefined> {
  const file = expandHome(variable('HF_TOKEN_PATH') ?? join(hubHome(), 'token'));
  const given = variable('HF_TOKEN') ?? variable('HUGGING_FACE_HUB_TOKEN');
  const token = (given ?? (await readIfThere(file)))?.trim();
  if (token === undefined || token === '') return undefined;
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  const place = given === undefined ? file : 'The environment variable HF_TOKEN';
  throw new TubeletError('INVALID_ARGUMENT', `${place} must hold a token: letters, digits and '_', on one line`);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return undefined;
    throw asReadFailure(error, path);
  }
}

function hubHome(): string {
  const home = variable('HF_HOME');
  if (home !== undefined) return expandHome(home);
  return join(expandHome(variable('XDG_CACHE_HOME') ?? '~/.cache'), 'huggingface');
}

/** A variable that is set to nothing is not set. */
export function variable(name: string): string | undefined {
  const value = process.env[name];
  return value === '' ? undefined : value;
}

function expandHome(path: string): string {
  return resolve(path.replace(/^~(?=\/|$)/, homedir()));
}
