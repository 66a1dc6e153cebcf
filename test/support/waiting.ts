import assert from 'node:assert/strict';

/** Waits until something holds, and fails when that takes longer than ten seconds. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 10_000;
  while (!holds()) {
    assert.ok(performance.now() < end, `still not so after ten seconds: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/**
 * How many milliseconds a call goes on after it was told to stop, at best of several tries: on a busy machine one may
 * be late for reasons of its own.
 *
 * @param attempt - Gives the milliseconds of one try.
 */
export async function bestOf(tries: number, attempt: () => Promise<number>): Promise<number> {
  let best = Infinity;
  for (let i = 0; i < tries && best > 20; i++) best = Math.min(best, await attempt());
  return best;
}
