import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { inRoot } from '../support/paths';

/** A path to read, and the codes that reading it may end with; `none` is a result. */
export interface HostileFile {
  name: string;
  path: string;
  codes: string[];
}

/** Has the program that comes with the C++ tests write its hostile files into a folder; also writes their list. */
export async function makeHostileFiles(folder: string): Promise<{ files: HostileFile[]; manifest: string }> {
  const program = inRoot('build', 'test', 'cpp', 'hostile_corpus');
  const { stdout } = await promisify(execFile)(program, [folder], { maxBuffer: 16 << 20 });
  const manifest = join(folder, 'manifest.json');
  await writeFile(manifest, stdout);
  return { files: JSON.parse(stdout) as HostileFile[], manifest };
}
