import path from 'node:path';

/** The repository's root. Tests run compiled, from build-test/, which lies as deep as test/ does. */
export const root = path.resolve(__dirname, '..', '..');

/** A path below the repository's root, such as `inRoot('samples', 'pan-left.mp4')`. */
export function inRoot(...parts: string[]): string {
  return path.join(root, ...parts);
}
