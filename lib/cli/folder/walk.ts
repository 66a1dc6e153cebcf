/**
 * The videos in a folder and in the folders in it.
 *
 * @module
 */
import { setImmediate as turn } from 'node:timers/promises';

import { TubeletError, isSystemError, systemReason } from '../../base/errors';
import { beginsAsVideo, kindByName } from './containers';
import { type Listing, list } from './listing';
import { type RawPath, inFolder, shownPath } from './paths';
import type { Pattern } from './pattern';

/** A video that was found, or why a folder could not be read. */
export interface Found {
  path: RawPath;
  error?: TubeletError;
}

/** A folder that is being walked. */
interface Open extends Listing {
  path: RawPath;
  /** Everything in it is wanted, whatever the pattern says. */
  whole: boolean;
}

/** So many names may be passed over before the event loop has its turn. */
const namesATurn = 256;

/**
 * Walks through a folder, one listing for each level at a time. Links to files are followed; links to folders are not, so
 * that there are no loops. Hidden files and folders are left out, unless the pattern says `.` itself.
 *
 * @param root - Empty for the working directory, without a name of its own in the paths.
 * @param pattern - Of paths as seen from the folder. A folder that it names is wanted as a whole. Default: everything.
 */
export async function* walk(root: RawPath, pattern?: Pattern, signal?: AbortSignal): AsyncGenerator<Found> {
  const open: Open[] = [];
  const enter = async function* (path: RawPath, whole: boolean): AsyncGenerator<Found> {
    const listing = await list(path);
    if (listing.failure !== undefined) yield { path, error: failure(listing.failure, 'this folder') };
    open.push({ ...listing, path, whole });
  };
  const below = inFolder(root, '' as RawPath).length;
  let names = 0;

  yield* enter(root, pattern === undefined);
  for (let folder = open.at(-1); folder !== undefined; folder = open.at(-1)) {
    if (signal?.aborted === true) return;
    const { done, value: name } = folder.names.next();
    if (done === true) {
      open.pop();
      continue;
    }
    if (++names % namesATurn === 0) await turn();

    const isFolder = name.endsWith('/');
    const path = inFolder(folder.path, (isFolder ? name.slice(0, -1) : name) as RawPath);
    const seen = shownPath(path.slice(below) as RawPath);
    const wanted = folder.whole ? !name.startsWith('.') : pattern?.matches(seen) === true;
    if (isFolder) {
      if (wanted || (!folder.whole && pattern?.leadsTo(seen) === true)) yield* enter(path, wanted);
    } else if (wanted && (await isWanted(path))) {
      yield { path };
    }
  }
}

/** Whether a file is a video. One that cannot be opened is taken for one: its reading will say what is wrong with it. */
async function isWanted(path: RawPath): Promise<boolean> {
  const kind = kindByName(path);
  if (kind !== 'unknown') return kind === 'video';
  try {
    return await beginsAsVideo(path);
  } catch (error) {
    // But not a link to a folder, to a pipe or to nothing, nor a file that has gone since.
    return !isSystemError(error, 'EISDIR', 'EAGAIN', 'ENXIO', 'ENOENT');
  }
}

/** Why something cannot be read. */
export function failure(error: unknown, what: string): TubeletError {
  const code = isSystemError(error, 'ENOENT', 'ENOTDIR') ? 'FILE_NOT_FOUND' : 'READ_FAILED';
  return new TubeletError(code, `Cannot read ${what}: ${systemReason(error)}`, { cause: error });
}
