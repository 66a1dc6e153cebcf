import assert from 'node:assert/strict';

import { Numbers } from '#lib/cli/folder/numbers';

const idle = { busy: { decode: 0, infer: 0 }, seconds: 0 };
const nothing = { items: 0, failed: 0 };

/** As many results as are wanted. */
function succeed(numbers: Numbers, count: number): void {
  for (let i = 0; i < count; i++) numbers.succeeded({ file: `${i}.mp4`, milliseconds: 1 });
}

describe('the numbers of a run', () => {
  it('count results and failures, by code, and those of earlier runs', () => {
    const numbers = new Numbers({ items: 10, failed: 4 }, 0);
    succeed(numbers, 3);
    numbers.hasFailed('NOT_A_VIDEO');
    numbers.hasFailed('TIMEOUT');
    numbers.hasFailed('NOT_A_VIDEO');
    const { items, failed, total, remaining } = numbers.at(1000, idle, undefined);
    assert.deepEqual(
      { items, failed, total, remaining },
      { items: 16, failed: 7, total: undefined, remaining: undefined },
    );
    assert.deepEqual(numbers.failures, { NOT_A_VIDEO: 2, TIMEOUT: 1 });
    assert.deepEqual([numbers.items, numbers.failed], [6, 3]);
  });

  it('keep the three slowest, slowest first', () => {
    const numbers = new Numbers(nothing);
    for (const milliseconds of [5, 9, 1, 7, 8, 2]) numbers.succeeded({ file: `${milliseconds}.mp4`, milliseconds });
    assert.deepEqual(
      numbers.slowest.map(({ file, milliseconds }) => [file, milliseconds]),
      [
        ['9.mp4', 9],
        ['8.mp4', 8],
        ['7.mp4', 7],
      ],
    );
  });

  it('give the rate of the last ten seconds, and how long the rest takes at that rate', () => {
    const numbers = new Numbers({ items: 100, failed: 0 }, 0);
    numbers.total = 400;
    for (let now = 100; now <= 60_000; now += 100) {
      if (now % 1000 === 0) succeed(numbers, now <= 40_000 ? 1 : 5); // one a second, later five
      const { itemsPerSecond, remaining } = numbers.at(now, idle, undefined);
      if (now === 40_000) assert.ok(Math.abs(itemsPerSecond - 1) < 0.2, `${itemsPerSecond}`);
      if (now !== 60_000) continue;
      assert.ok(Math.abs(itemsPerSecond - 5) < 0.6, `${itemsPerSecond}`);
      assert.ok(Math.abs(remaining! - (400 - 100 - 140) / 5) < 5, `${remaining}`);
    }
  });

  it('do not grow with the time that they are looked at', () => {
    const numbers = new Numbers(nothing, 0);
    for (let now = 0; now <= 600_000; now += 100) numbers.at(now, idle, undefined);
    const { samples } = numbers as unknown as { samples: unknown[] };
    assert.ok(samples.length <= 22, `${samples.length}`);
  });

  it('give the rate since the last look where that is longer ago', () => {
    const numbers = new Numbers(nothing, 0);
    numbers.at(30_000, idle, undefined);
    succeed(numbers, 60);
    assert.equal(numbers.at(60_000, idle, undefined).itemsPerSecond, 2);
  });

  it('give the load of the last seconds, not that since the beginning', () => {
    const numbers = new Numbers(nothing, 0);
    // Decoding has all to do for 30 seconds, and nothing from then on.
    for (let now = 500; now <= 60_000; now += 500) {
      const decode = Math.min(now, 30_000) / now;
      const { busy } = numbers.at(now, { busy: { decode, infer: 0.25 }, seconds: now / 1000 }, undefined);
      if (now === 30_000) assert.ok(busy.decode > 0.99, `${busy.decode}`);
      if (now === 60_000) assert.ok(busy.decode < 0.01, `${busy.decode}`);
      assert.ok(Math.abs(busy.infer - 0.25) < 0.001);
    }
  });

  it('know no rate at the very beginning, and no negative rest when files have vanished', () => {
    const numbers = new Numbers({ items: 5, failed: 0 }, 0);
    numbers.total = 3;
    assert.equal(numbers.at(0, idle, undefined).itemsPerSecond, 0);
    succeed(numbers, 1);
    assert.equal(numbers.at(1000, idle, undefined).remaining, 0);
  });

  it('stand still at the end', () => {
    const numbers = new Numbers(nothing, 1000);
    assert.equal(numbers.seconds(2500), 1.5);
    numbers.end(3000);
    assert.equal(numbers.seconds(9000), 2);
  });
});
