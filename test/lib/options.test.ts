import assert from 'node:assert/strict';

import {
  abortSignal,
  boolean,
  describe as inWords,
  integer,
  oneOf,
  positive,
  readOptions,
  text,
} from '#lib/base/rules';

import { throwsWith } from '../support/rejects';

const rules = {
  topK: integer(1, 10),
  fps: positive(1000),
  logits: boolean,
  sampling: oneOf('trained', 'spread'),
  model: text,
  signal: abortSignal,
};
const read = (options: unknown): unknown => readOptions('classify', options, rules);

describe('options', () => {
  it('takes what is allowed and leaves out what is not given', () => {
    const { signal } = new AbortController();
    const options = { topK: 10, fps: 0.5, logits: false, sampling: 'spread', model: 'm', signal };
    assert.deepEqual(read(options), options);
    assert.deepEqual(read({ topK: undefined }), {});
    assert.deepEqual(read({}), {});
    assert.deepEqual(read(undefined), {});
  });

  it('copies, so that a later change of the object changes nothing', () => {
    const options = { topK: 3 };
    const copy = read(options);
    options.topK = 4;
    assert.deepEqual(copy, { topK: 3 });
  });

  for (const [options, message] of [
    [{ topK: 0 }, /option 'topK' must be a whole number from 1 to 10, got 0/],
    [{ topK: 11 }, /from 1 to 10, got 11/],
    [{ topK: 1.5 }, /got 1\.5/],
    [{ topK: '3' }, /got '3' \(a string\)/],
    [{ topK: NaN }, /got NaN/],
    [{ topK: null }, /got null/],
    [{ fps: 0 }, /option 'fps' must be a number above 0 and up to 1000, got 0/],
    [{ fps: Infinity }, /got Infinity/],
    [{ logits: 1 }, /option 'logits' must be true or false, got 1/],
    [{ sampling: 'Spread' }, /option 'sampling' must be one of 'trained', 'spread', got 'Spread'/],
    [{ model: '' }, /option 'model' must be a string that is not empty/],
    [{ signal: new AbortController() }, /option 'signal' must be an AbortSignal/],
    [{ topk: 3 }, /there is no option 'topk'\. Did you mean 'topK'\? There are: topK, fps/],
    [{ banana: 3 }, /there is no option 'banana'\. There are: topK/],
    [[], /options must be an object such as \{ topK, fps \}, got \[\]/],
    ['fast', /options must be an object .* got 'fast'/],
    [null, /options must be an object .* got null/],
  ] as const) {
    it(`refuses ${inWords(options)}`, () => {
      throwsWith(() => read(options), 'INVALID_ARGUMENT', message);
    });
  }

  it('shows a long value on one short line', () => {
    const error = throwsWith(() => read({ topK: 'x'.repeat(5000) }), 'INVALID_ARGUMENT', /more characters/);
    assert.ok(error.message.length < 300 && !error.message.includes('\n'));
  });
});
