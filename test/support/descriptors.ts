import { readdirSync, readlinkSync } from 'node:fs';

/** What this process's descriptors point to, such as `/tmp/a.mp4`, `/tmp/b (deleted)` or `socket:[1234]`. */
export function openDescriptors(): string[] {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/self/fd/${descriptor}`)];
    } catch {
      return []; // closed meanwhile, as the one that reads the folder is
    }
  });
}

/** How many temporary files of tubelet's this process holds open. */
export function temporaryFiles(): number {
  return openDescriptors().filter((target) => /\/tubelet-[\da-f-]{36}( \(deleted\))?$/.test(target)).length;
}
