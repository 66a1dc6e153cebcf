import assert from 'node:assert/strict';

import { closest } from '#lib/base/suggest';

describe('did you mean', () => {
  for (const [word, candidates, expected] of [
    ['topk', ['topK', 'logits'], 'topK'],
    ['tpo', ['top', 'json'], 'top'],
    ['sampilng', ['sampling', 'signal'], 'sampling'],
    ['motion-vivt', ['motion-vivit', 'motion-videomae'], 'motion-vivit'],
    ['clasify', ['classify', 'embed'], 'classify'],
    ['banana', ['classify', 'embed'], undefined],
    ['x', ['y'], 'y'],
    ['xy', ['ab'], undefined],
    ['', [], undefined],
  ] as const) {
    it(`'${word}' of ${candidates.join(', ')}: ${String(expected)}`, () => {
      assert.equal(closest(word, candidates), expected);
    });
  }
});
