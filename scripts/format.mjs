// Lays out every source as the linters want it.

import { setup } from './setup.mjs';
import { formatters } from './test/linters.mjs';

await setup({ tests: true });
for (const format of formatters) await format();
