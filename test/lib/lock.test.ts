import assert from 'node:assert/strict';
import { readFile, readdir, rename, rm, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { Lock, holderOf } from '#lib/base/lock';

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

  it('is tried without waiting for one who lives', async () => {
    const path = join(suite(), 'tried.lock');
    const lock = await Lock.tryAcquire(path);
    assert.ok(lock !== undefined && (await lock.isHeld()));
    assert.deepEqual(await holderOf(path), { process: process.pid, host: hostname() });
    const start = performance.now();
    assert.equal(await Lock.tryAcquire(path), undefined);
    assert.ok(performance.now() - start < 1_000);
    await lock.release();
    await (await Lock.tryAcquire(path))?.release();
    assert.equal(await holderOf(path), undefined);
    await assert.rejects(Lock.tryAcquire(join(suite(), 'none', 'a.lock')), { code: 'ENOENT' });
  });

  it('is tried with success when its holder has died', async () => {
    const path = join(suite(), 'tried-dead.lock');
    const lock = await Lock.acquire(path);
    const held = JSON.parse(await readFile(path, 'utf8')) as object;
    await lock.release();
    for (const dead of [{ started: '1' }, { process: 2 ** 30 }]) {
      await writeFile(path, JSON.stringify({ ...held, ...dead }));
      const start = performance.now();
      const taken = await Lock.tryAcquire(path);
      assert.ok(taken !== undefined && performance.now() - start < 1_000);
      await taken.release();
    }
  });

  it('of another machine is tried until it is touched', async () => {
    const path = join(suite(), 'tried-touched.lock');
    const other = JSON.stringify({ machine: 'another', process: 1, started: '1', host: 'there' });
    await writeFile(path, other);
    const start = performance.now();
    const heart = setInterval(() => void utimes(path, new Date(), new Date()), 300);
    assert.equal(await Lock.tryAcquire(path), undefined);
    clearInterval(heart);
    assert.ok(performance.now() - start < 5_000);
    assert.equal(await readFile(path, 'utf8'), other);
    assert.deepEqual(await holderOf(path), { process: 1, host: 'there' });
  });

  it('knows when it is not held any more, and leaves what is there then alone', async () => {
    const path = join(suite(), 'lost.lock');
    const changes = [() => unlink(path), () => writeFile(path, '{}'), () => rename(path, `${path}.old`)];
    for (const change of changes) {
      const lock = await Lock.acquire(path);
      await change();
      const left = await readFile(path, 'utf8').catch(() => undefined);
      assert.equal(await lock.isHeld(), false);
      await lock.release();
      assert.equal(await readFile(path, 'utf8').catch(() => undefined), left);
      await rm(path, { force: true });
    }
  });

  it('is kept as long as it is touched, and taken over ten seconds after, wherever its holder was', async () => {
    const kept = join(suite(), 'kept.lock');
    const touched = join(suite(), 'touched.lock');
    const abandoned = join(suite(), 'abandoned.lock');
    const tried = join(suite(), 'tried-abandoned.lock');
    const broken = join(suite(), 'broken.lock');
    await writeFile(touched, JSON.stringify({ machine: 'another', process: 1, started: '1' }));
    await writeFile(abandoned, JSON.stringify({ machine: 'another', process: 1, started: '1' }));
    await writeFile(tried, JSON.stringify({ machine: 'another', process: 1, started: '1' }));
    await writeFile(broken, '{"mach');

    const start = performance.now();
    const first = await Lock.acquire(kept);
    const taken: Record<string, number> = {};
    const waiting = Object.entries({ kept, touched, abandoned, tried, broken }).map(async ([name, path]) => {
      const lock = name === 'tried' ? await Lock.tryAcquire(path) : await Lock.acquire(path);
      assert.ok(lock !== undefined);
      taken[name] = performance.now() - start;
      await lock.release();
    });
    const heart = setInterval(() => void utimes(touched, new Date(), new Date()), 1_000);
    await delay(9_000);
    const dead = ['abandoned', 'tried', 'broken'];
    await until(() => dead.every((name) => name in taken), 'the abandoned ones are taken over');
    for (const name of dead) assert.ok(taken[name]! >= 9_900 && taken[name]! < 15_000, name);
    await delay(1_000);
    assert.ok(!('kept' in taken) && !('touched' in taken));
    clearInterval(heart);
    await first.release();
    await rm(touched);
    await Promise.all(waiting);
  });
});
