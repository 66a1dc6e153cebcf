import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { classify, load } from '#lib/index';
import { families } from '#lib/sampling/family';

import { inRoot } from '../support/paths';
import { rejectsWith } from '../support/rejects';

const clip = inRoot('samples', 'nasa_13013.mp4');

describe('precision', function () {
  this.timeout(60_000);

  it('is fp32 unless something else is asked for', async () => {
    await using model = await load('motion-vivit');
    assert.equal(model.info.precision, 'fp32');
    assert.equal((await model.embed(clip)).precision, 'fp32');
    assert.equal((await classify(clip, { model: 'motion-vivit' })).precision, 'fp32');
  });

  it("'auto' takes bf16 where the kernel says that the CPU has AVX512-BF16 or AMX", async () => {
    const flags = new Set((/^flags\s*:(.*)$/m.exec(await readFile('/proc/cpuinfo', 'utf8'))?.[1] ?? '').split(' '));
    const expected = flags.has('avx512_bf16') || flags.has('amx_bf16') ? 'bf16' : 'fp32';
    await using model = await load('motion-videomae', { precision: 'auto' });
    assert.equal(model.info.precision, expected);
    assert.equal((await model.classify(clip)).precision, expected);
  });

  for (const family of families) {
    it(`both precisions of motion-${family} live side by side, and share weights with their own kind only`, async () => {
      await using exact = await load(`motion-${family}`, { precision: 'fp32' });
      await using rounded = await load(`motion-${family}`, { precision: 'bf16' });
      await using again = await load(`motion-${family}`, { precision: 'bf16' });
      const [one, other, third] = [await exact.embed(clip), await rounded.embed(clip), await again.embed(clip)];
      assert.deepEqual([one.precision, other.precision, third.precision], ['fp32', 'bf16', 'bf16']);
      assert.notDeepEqual(one.data, other.data);
      assert.deepEqual(other.data, third.data);
      assert.deepEqual((await exact.embed(clip)).data, one.data);
      assert.ok(rounded.info.weightBytes < 0.7 * exact.info.weightBytes, 'linear layers take half of the memory');
    });
  }

  it('refuses what it does not know', async () => {
    const wrong = { precision: 'fp16' } as unknown as { precision: 'bf16' };
    await rejectsWith(
      load('motion-vivit', wrong),
      'INVALID_ARGUMENT',
      /'precision' must be one of 'fp32', 'bf16', 'auto'/,
    );
  });
});
