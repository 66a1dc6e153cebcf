import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for one suite's files, removed when the suite ends. Call it in the body of `describe`. */
export function suiteFolder(name: string): () => string {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), `tubelet-${name}-`));
  });
  after(() => rm(folder, { recursive: true, force: true }));
  return () => folder;
}
