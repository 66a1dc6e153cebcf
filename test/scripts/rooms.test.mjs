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
    assert.match(faultsOf('base/a.ts', '../left/b').join(), /house\/base\/a\.ts:1 refers to '\.\.\/left\/b'/);
    assert.match(faultsOf('left/a.ts', '../right/b').join(), /'left' lies below or beside 'right'/);
    assert.match(faultsOf('top/a.ts', '../index').join(), /'top' lies below or beside ''/);
  });

  it('names the line', () => {
    const text = "import { a } from './b';\n\nimport {\n  c,\n} from '../top/c';\n";
    assert.match(misplaced(house, [['left/a.ts', text]]).join(), /^house\/left\/a\.ts:5 refers to '\.\.\/top\/c'/);
  });

  it('names a reference between folders that are apart, even one that leads down', () => {
    const houseApart = { ...house, order: [['left/low'], ['left/high'], ['right']], apart: ['left', 'right'] };
    const faults = (file, reference) => misplaced(houseApart, [[file, `import { a } from '${reference}';`]]);
    assert.match(faults('right/a.ts', '../left/low/b').join(), /'right' and 'left\/low' are apart/);
    assert.deepEqual(faults('left/high/a.ts', '../low/b'), []);
  });

  it('names a file in no room', () => {
    const withoutTop = { ...house, order: house.order.slice(0, 3) };
    assert.match(misplaced(withoutTop, [['attic/a.ts', '']]).join(), /lies in no room/);
  });
});
