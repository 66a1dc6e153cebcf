import { mkdir, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { inRoot } from './paths';
import { samples } from './samples';

/** The program, for a command line. */
export const program = [process.execPath, inRoot('bin', 'tubelet.mjs')] as const;

/** Makes a folder of many clips, which are the samples again and again. */
export async function folderOfClips(path: string, count: number): Promise<string[]> {
  await mkdir(path, { recursive: true });
  const names = Array.from({ length: count }, (_, index) => {
    const sample = samples[index % samples.length]!;
    return { sample, path: join(path, `${String(index).padStart(5, '0')}-${basename(sample)}`) };
  });
  for (const { sample, path } of names) await symlink(sample, path);
  return names.map(({ path }) => path);
}
