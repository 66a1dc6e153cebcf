import assert from 'node:assert/strict';

import { bestPredictions } from '#lib/results/results';

describe('predictions', () => {
  const scores = Float32Array.of(0.25, 0.5, 0, 0.25);
  const labels = ['a', 'b', 'c', 'd'];

  it('come best first, and of equal scores the lower index first', () => {
    assert.deepEqual(bestPredictions(scores, labels, 3), [
      { label: 'b', index: 1, score: 0.5 },
      { label: 'a', index: 0, score: 0.25 },
      { label: 'd', index: 3, score: 0.25 },
    ]);
  });

  it('are as many as there are when more are asked for', () => {
    assert.equal(bestPredictions(scores, labels, 100).length, 4);
  });
});
