// pull NAME: has NAME downloaded, telling how it goes, and says where it is or why not.

import { TubeletError } from '#lib/index';
import { locate } from '#lib/checkpoints/locate';

import { argument, say } from './support';

locate(argument(0), {
  onProgress: (progress) => {
    say('progress', progress);
  },
}).then(
  (location) => {
    say('located', location);
  },
  (error: unknown) => {
    if (!(error instanceof TubeletError)) throw error;
    say('failed', { code: error.code, message: error.message });
  },
);
