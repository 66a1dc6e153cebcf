/**
 * The shared cache's layout, as huggingface_hub has it, so that what Python fetched is found here and the other way
 * round:
 *
 *     models--org--name/refs/main                       the commit that the branch was at
 *     models--org--name/snapshots/COMMIT/config.json -> ../../blobs/ETAG
 *     models--org--name/blobs/ETAG                      the content, named by its hash
 *     .locks/models--org--name/                         who is downloading
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, symlink, unlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

import { isSystemError } from '../base/errors';
import { kindOf } from '../base/files';
import { hubCache } from './environment';
import { isCommit } from './repository';

/** One repository's part of the cache. Nothing is made before something is written. */
export class RepositoryCache {
  readonly root: string;
  readonly blobs: string;
  readonly locks: string;

  constructor(repository: string) {
    const folder = `models--${repository.replace('/', '--')}`;
    this.root = join(hubCache(), folder);
    this.blobs = join(this.root, 'blobs');
    this.locks = join(hubCache(), '.locks', folder);
  }

  /** The commit that a revision was at when it was last fetched. */
  async commitOf(revision: string): Promise<string | undefined> {
    if (isCommit(revision)) return revision;
    try {
      const commit = (await readFile(join(this.root, 'refs', revision), 'utf8')).trim();
      return isCommit(commit) ? commit : undefined;
    } catch (error) {
      if (isSystemError(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return undefined;
      throw error;
    }
  }

  /** The folder in which a commit's files appear under their names. */
  snapshot(commit: string): string {
    return join(this.root, 'snapshots', commit);
  }

  /** Whether a commit has this file already. A link to a blob that has gone does not count. */
  async has(commit: string, file: string): Promise<boolean> {
    return (await kindOf(join(this.snapshot(commit), file))) === 'file';
  }

  /** Makes a blob, which is there, appear under its name. */
  async link(commit: string, file: string, etag: string): Promise<void> {
    const entry = join(this.snapshot(commit), file);
    const target = relative(dirname(entry), join(this.blobs, etag));
    await replaceBy(entry, (name) => symlink(target, name));
  }

  /** Notes which commit a branch or tag is at. */
  async remember(revision: string, commit: string): Promise<void> {
    if (isCommit(revision)) return;
    await replaceBy(join(this.root, 'refs', revision), (name) => writeFile(name, commit));
  }
}

/** Others see either nothing, or what was there before, or the whole. */
async function replaceBy(path: string, make: (name: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = join(dirname(path), `.${randomUUID()}`);
  try {
    await make(temporary);
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}
