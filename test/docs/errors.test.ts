import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { codes } from '#lib/base/errors';

import { inRoot } from '../support/paths';

describe('docs/errors.md', () => {
  it('has a line for every code, in their order', () => {
    const page = readFileSync(inRoot('docs', 'errors.md'), 'utf8');
    const rows = Array.from(page.matchAll(/^\| `([A-Z_]+)` \|(.*)\|$/gm), ([, code, rest]) => ({ code, rest }));
    assert.deepEqual(
      rows.map(({ code }) => code),
      codes,
    );
    for (const { code, rest } of rows) {
      const cells = (rest ?? '').split('|').map((cell) => cell.trim());
      assert.equal(cells.length, 3, code);
      assert.ok(!cells.includes(''), code);
    }
  });
});
