// Puts the built addon and its loader into prebuilds/, named as node-gyp-build looks for them.

import fs from 'node:fs';
import { promisify } from 'node:util';

import { inRoot, root } from './setup/paths.mjs';
import { setup } from './setup.mjs';

await setup();
const { default: prebuildify } = await import('prebuildify');

await promisify(prebuildify)({
  cwd: root,
  targets: [process.versions.node],
  napi: true,
  tagLibc: true,
  strip: true,
  // Setup has built it with cmake-js; prebuildify knows node-gyp alone, and is left the naming and stripping.
  nodeGyp: 'true',
});

// Not in linux-x64/, where node-gyp-build would take it for the addon.
fs.mkdirSync(inRoot('prebuilds', 'loader'), { recursive: true });
fs.copyFileSync(inRoot('build', 'loader', 'loader.node'), inRoot('prebuilds', 'loader', 'linux-x64.node'));
