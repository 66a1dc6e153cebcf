import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { readOptions } from '#lib/base/rules';
import { clipRules, limitsOf, timeoutOf, toNativeRead } from '#lib/options/reading';

import { inRoot } from '../support/paths';
import { throwsWith } from '../support/rejects';

const read = (options: unknown): ReturnType<typeof readOptions<typeof clipRules>> =>
  readOptions('readFrames', options, clipRules);

describe('the reading options', () => {
  it('have the limits of the native reader by default, and ten minutes', async () => {
    const header = await readFile(inRoot('binding', 'video', 'common', 'clip.h'), 'utf8');
    const native = Object.fromEntries(
      Object.keys(limitsOf({})).map((name) => {
        const [, formula = ''] = new RegExp(`\\b${name} = ([\\d'L *<]+);`).exec(header) ?? [];
        const [left = NaN, right = NaN] = formula.split(/<<|\*/).map((number) => Number(number.replace(/['L]/g, '')));
        return [name, formula.includes('<<') ? left * 2 ** right : formula.includes('*') ? left * right : left];
      }),
    );
    assert.deepEqual(limitsOf({}), native);
    assert.equal(timeoutOf({}), 600_000);
  });

  it('reach the native reader', () => {
    assert.deepEqual(toNativeRead(read({})), {
      limits: limitsOf({}),
      stream: null,
      onCorrupt: 'error',
      untaggedMatrix: 'bt601',
    });
    const options = { stream: 2, onCorrupt: 'tolerate', untaggedMatrix: 'bt709', limits: { pixels: 7 } };
    assert.deepEqual(toNativeRead(read(options)), { ...options, limits: { ...limitsOf({}), pixels: 7 } });
    assert.equal(timeoutOf(read({ timeoutMs: 5 })), 5);
  });

  it('are copied to the bottom', () => {
    const limits = { bytes: 5 };
    const copy = read({ limits });
    limits.bytes = 7;
    assert.equal(limitsOf(copy).bytes, 5);
  });

  for (const [options, message] of [
    [{ stream: -1 }, /option 'stream' must be a whole number from 0 /],
    [{ onCorrupt: 'ignore' }, /option 'onCorrupt' must be one of 'error', 'tolerate'/],
    [{ untaggedMatrix: 'bt2020' }, /must be one of 'bt601', 'bt709'/],
    [{ timeoutMs: 0 }, /option 'timeoutMs' must be a whole number from 1 to 2147483647, got 0/],
    [{ timeoutMs: Infinity }, /option 'timeoutMs' must be .* got Infinity/],
    [{ start: -1 }, /option 'start' must be a number from 0 on, got -1/],
    [{ end: NaN }, /option 'end' must be a number from 0 on, got NaN/],
    [{ recipe: 'blog' }, /option 'recipe' must be one of 'tutorial', got 'blog'/],
    [{ limits: 5 }, /option 'limits' must be an object such as \{ bytes, pixels \}, got 5/],
    [{ limits: [] }, /option 'limits' must be an object/],
    [{ limits: { byte: 5 } }, /readFrames: limits: there is no option 'byte'\. Did you mean 'bytes'\?/],
    [{ limits: { bytes: 0 } }, /readFrames: limits: option 'bytes' must be a whole number from 1 to /],
    [{ limits: { frames: Infinity } }, /option 'frames' must be a whole number/],
  ] as const) {
    it(`are not ${JSON.stringify(options)}`, () => {
      throwsWith(() => read(options), 'INVALID_ARGUMENT', message);
    });
  }
});
