import assert from 'node:assert/strict';
import { join } from 'node:path';

import { fixtureFolder, fixtures } from '../../test/fixtures/make.mjs';
import { runChild } from './child.js';

/** Hours of film tell nothing more. */
const slow = 'ten-hours.mp4';

describe('unwritten memory', function () {
  this.timeout(120_000);

  it('is in no frame of any fixture, whatever it held before', async () => {
    const folder = await fixtureFolder();
    const files = fixtures.filter(({ name }) => name !== slow).map(({ name }) => join(folder, name));
    // glibc fills what is allocated with one value and what is freed with another.
    const [one, other] = await Promise.all(
      ['85', '170'].map((filling) => runChild('frames', files, { env: { MALLOC_PERTURB_: filling } })),
    );
    assert.equal(one!.code, 0, one!.stderr);
    assert.equal(one!.said.size, files.length);
    assert.deepEqual([...one!.said], [...other!.said]);
  });
});
