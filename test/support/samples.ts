import { readdirSync } from 'node:fs';

import { inRoot } from './paths';

/** The sample clips that come with the package. */
export const samples = readdirSync(inRoot('samples'))
  .filter((name) => name.endsWith('.mp4'))
  .map((name) => inRoot('samples', name));
