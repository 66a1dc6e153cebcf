import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { runPython } from '../support/python';

/** A bundled checkpoint: loads in well under a second, one forward pass takes tens of milliseconds. */
export const smallModel = 'motion-videomae';

let folder: Promise<string> | undefined;

/**
 * The folder of a full-size ViViT with random weights, made once a run: 350 MB, and of the three families the one whose
 * forward pass takes longest (several seconds on two CPUs).
 */
export function fullSizeModel(): Promise<string> {
  folder ??= (async () => {
    const made = await mkdtemp(join(tmpdir(), 'tubelet-full-size-'));
    await runPython('test/reference/checkpoints.py', made, '--family', 'vivit', '--size', 'base');
    return made;
  })();
  return folder;
}

after(async () => {
  if (folder !== undefined) await rm(await folder, { recursive: true, force: true });
});
