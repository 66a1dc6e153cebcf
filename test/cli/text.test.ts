import assert from 'node:assert/strict';

import { bar, fit, left, lengthOf, milliseconds, percent, printable, right, styled, table } from '#lib/cli/base/text';

describe('text of the command line', () => {
  it('never lets a file drive the terminal', () => {
    assert.equal(printable('a\u001b[2Jb\n\u0007.mp4'), 'a\\u001b[2Jb\\u000a\\u0007.mp4');
    assert.equal(printable('\u202egpj.exe'), '\\u202egpj.exe');
    assert.equal(printable('Ünïcode 视频 🎬.mp4'), 'Ünïcode 视频 🎬.mp4');
  });

  it('counts what a reader sees', () => {
    assert.equal(lengthOf('e\u0301'), 1);
    assert.equal(lengthOf('👩‍👩‍👧'), 1);
    assert.equal(left('é', 3), 'é  ');
    assert.equal(right('7', 3), '  7');
    assert.equal(right('1234', 3), '1234');
  });

  it('cuts with an ellipsis, and only what is too long', () => {
    assert.equal(fit('pan right', 9, true), 'pan right');
    assert.equal(fit('pan right', 8, true), 'pan rig…');
    assert.equal(fit('pan right', 8, false), 'pan rig.');
  });

  it('writes shares in five characters', () => {
    assert.deepEqual([0, 0.0004, 0.002, 0.5, 0.9994, 0.99951, 1].map(percent), [
      ' 0.0%',
      ' 0.0%',
      ' 0.2%',
      '50.0%',
      '99.9%',
      ' 100%',
      ' 100%',
    ]);
  });

  it('draws bars to an eighth of a character', () => {
    assert.equal(bar(1, 4, true), '████');
    assert.equal(bar(0.5, 4, true), '██  ');
    assert.equal(bar(1 / 32, 4, true), '▏   ');
    assert.equal(bar(0, 4, true), '    ');
    assert.equal(bar(1.5, 4, true), '████');
    assert.equal(bar(0.5, 4, false), '##  ');
  });

  it('lines tables up', () => {
    assert.deepEqual(
      table([
        ['', 'load', 'infer'],
        ['a', '1.0', '12345'],
        ['long name', '100', '2'],
      ]),
      ['           load  infer', 'a           1.0  12345', 'long name   100      2'],
    );
  });

  it('writes milliseconds with digits that say something', () => {
    assert.deepEqual([0.04, 3.25, 99.95, 1234.5].map(milliseconds), ['0.0', '3.3', '100.0', '1235']);
  });

  it('colours only where colours are wanted', () => {
    assert.equal(styled('a', 'bold', false), 'a');
    assert.equal(styled('a', 'bold', true), '\u001b[1ma\u001b[22m');
  });
});
