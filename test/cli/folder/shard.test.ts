import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

import { UsageError } from '#lib/cli/base/arguments';
import { inShard, shardOf } from '#lib/cli/folder/shard';

const names = Array.from({ length: 10_000 }, (_, index) => `clips/${index % 100}/clip ${index}.mp4`);

describe('shards', () => {
  for (const count of [1, 2, 7, 16]) {
    it(`put each of 10,000 names into one of ${count}, evenly`, () => {
      const sizes = Array.from({ length: count }, (_, index) => {
        return names.filter((name) => inShard(name, { index: index + 1, count })).length;
      });
      assert.equal(
        sizes.reduce((sum, size) => sum + size),
        names.length,
      );
      const expected = names.length / count;
      const chiSquared = sizes.reduce((sum, size) => sum + (size - expected) ** 2 / expected, 0);
      // Above what chance gives once in a hundred thousand: mean count - 1, variance twice that.
      assert.ok(chiSquared <= count - 1 + 4.5 * Math.sqrt(2 * (count - 1)) + 12, String(chiSquared));
    });
  }

  it('are those that the sha256sum program gives', () => {
    const count = 10;
    for (const name of [...names.slice(0, 20), 'ü/日本語 🎬.mp4', '-', '']) {
      const sum = execFileSync('sha256sum', { input: name, encoding: 'utf8' });
      const index = (Number.parseInt(sum.slice(0, 8), 16) % count) + 1;
      const shards = Array.from({ length: count }, (_, at) => at + 1);
      assert.deepEqual(
        shards.filter((at) => inShard(name, { index: at, count })),
        [index],
        name,
      );
    }
  });

  it('are written i/n', () => {
    assert.equal(shardOf(undefined), undefined);
    assert.deepEqual(shardOf('1/1'), { index: 1, count: 1 });
    assert.deepEqual(shardOf('100000/100000'), { index: 100_000, count: 100_000 });
    for (const text of [
      '',
      '1',
      '/',
      '0/2',
      '3/2',
      '1/0',
      '0/0',
      '-1/2',
      '1/100001',
      '1.5/2',
      ' 1/2',
      '1/2/3',
      '1e1/20',
    ]) {
      assert.throws(() => shardOf(text), UsageError, text);
    }
  });
});
