import assert from 'node:assert/strict';
import path from 'node:path';

import { describe, it } from 'mocha';

import { misplaced } from '../../scripts/test/rooms.mjs';

describe('the order of rooms', () => {
  const house = {
    root: 'house',
    order: [['base'], ['left', 'right'], ['top'], ['']],
    references: /\bfrom '(\.[^']+)'/g,
    target: (file, reference) => path.join(path.dirname(file), reference),
  };
  const faultsOf = (file, reference) => misplaced(house, [[file, `import { a } from '${reference}';`]]);

  it('lets a room refer to itself and to those below', () => {
    assert.deepEqual(faultsOf('left/a.ts', './b'), []);
    assert.deepEqual(faultsOf('left/a.ts', '../base/b'), []);
    assert.deepEqual(faultsOf('index.ts', './top/b'), []);
  });

  it('names a reference that leads up, or to a room beside', () => {
    assert.match(faultsOf('base/a.ts', '../left/b').join(), /house\/base\/a\.ts refers to '\.\.\/left\/b'/);
    assert.match(faultsOf('left/a.ts', '../right/b').join(), /'left' lies below or beside 'right'/);
    assert.match(faultsOf('top/a.ts', '../index').join(), /'top' lies below or beside ''/);
  });

  it('names a file in no room', () => {
    const withoutTop = { ...house, order: house.order.slice(0, 3) };
    assert.match(misplaced(withoutTop, [['attic/a.ts', '']]).join(), /lies in no room/);
  });
});
