import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { type TubeletErrorCode, load } from '#lib/index';

import { runPython } from '../support/python';
import { rejectsWith } from '../support/rejects';
import { samples } from '../support/samples';
import { suiteFolder } from '../support/temp';

interface Hostile {
  name: string;
  folder: string;
  code: TubeletErrorCode;
  why: string;
}

describe('damaged and malicious checkpoints', function () {
  this.timeout(300_000);
  const folder = suiteFolder('hostile');

  it('give their typed error each, run nothing, and leave the process working', async () => {
    const cases = (await runPython('test/reference/hostile.py', folder())) as Hostile[];
    assert.ok(cases.length > 20);
    for (const { name, folder: checkpoint, code, why } of cases) {
      const { message } = await rejectsWith(load(checkpoint), code, /./);
      assert.ok(!message.includes('undefined'), `${name} (${why}): ${message}`);
    }
    assert.ok(!existsSync(join(folder(), 'executed')), 'code from a weights file was run');

    const sound = await load(join(folder(), 'sound'));
    const { predictions } = await sound.classify(samples[0] ?? '', { topK: 1 });
    assert.equal(predictions.length, 1);
    await sound.dispose();
  });
});
