import assert from 'node:assert/strict';
import { readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { Lock } from '#lib/lock';

import { suiteFolder } from '../support/temp';
import { until } from '../support/waiting';

describe('a lock', function () {
  this.timeout(60_000);
  const suite = suiteFolder('lock');

  it('is held by one at a time', async () => {
    const path = join(suite(), 'many', 'a.lock');
    let holders = 0;
    const work = async (): Promise<void> => {
      const lock = await Lock.acquire(path);
      assert.equal(++holders, 1);
      await delay(20);
      holders--;
      await lock.release();
    };
    await Promise.all(Array.from({ length: 6 }, work));
    assert.deepEqual(await readdir(join(suite(), 'many')), []);
  });

  it('is waited for until the signal aborts', async () => {
    const path = join(suite(), 'abort.lock');
    const lock = await Lock.acquire(path);
    await assert.rejects(Lock.acquire(path, AbortSignal.timeout(50)));
    await lock.release();
  });

  it('of a process that has died is taken over at once, whoever has its number now', async () => {
    const path = join(suite(), 'dead.lock');
    const lock = await Lock.acquire(path);
    const held = await readFile(path, 'utf8');
    await lock.release();
    const holder = JSON.parse(held) as { started: string };
    await writeFile(path, JSON.stringify({ ...holder, started: `${Number(holder.started) - 1}` }));
    const start = performance.now();
    await (await Lock.acquire(path)).release();
    assert.ok(performance.now() - start < 1_000);
  });

  it('is kept as long as it is touched, and taken over ten seconds after, wherever its holder was', async () => {
    const kept = join(suite(), 'kept.lock');
    const touched = join(suite(), 'touched.lock');
    const abandoned = join(suite(), 'abandoned.lock');
    const broken = join(suite(), 'broken.lock');
    await writeFile(touched, JSON.stringify({ machine: 'another', process: 1, started: '1' }));
    await writeFile(abandoned, JSON.stringify({ machine: 'another', process: 1, started: '1' }));
    await writeFile(broken, '{"mach');

    const start = performance.now();
    const first = await Lock.acquire(kept);
    const taken: Record<string, number> = {};
    const waiting = Object.entries({ kept, touched, abandoned, broken }).map(async ([name, path]) => {
      const lock = await Lock.acquire(path);
      taken[name] = performance.now() - start;
      await lock.release();
    });
    const heart = setInterval(() => void utimes(touched, new Date(), new Date()), 1_000);
    await delay(9_000);
    await until(() => 'abandoned' in taken && 'broken' in taken, 'the abandoned ones are taken over');
    for (const name of ['abandoned', 'broken']) assert.ok(taken[name]! >= 9_900 && taken[name]! < 15_000, name);
    await delay(1_000);
    assert.ok(!('kept' in taken) && !('touched' in taken));
    clearInterval(heart);
    await first.release();
    await rm(touched);
    await Promise.all(waiting);
  });
});
