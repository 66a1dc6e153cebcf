import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { TubeletError, readFrames } from '#lib/index';

import { ofOpenSize } from '../../test/fixtures/list/bytes.mjs';
import { fixtureFolder, fixtures } from '../../test/fixtures/make.mjs';
import { seededRandom } from '../support/random.js';

const cuts = 12;
const frames = 4;
const cluster = Buffer.from('1f43b675', 'hex');
const seekHead = Buffer.from('114d9b74', 'hex');
/** What an entry of the head says it leads to: SeekID of four bytes, the identifier of the index. */
const index = Buffer.from('53ab841c53bb6b', 'hex');

/** The head names an index, which is at the end. */
function indexed(bytes: Buffer): boolean {
  const first = bytes.indexOf(cluster);
  const at = bytes.indexOf(index);
  return bytes.indexOf(seekHead) < first && at >= 0 && at < first;
}

describe('Matroska and WebM of open size', function () {
  this.timeout(120_000);
  const names = fixtures
    .filter(({ name, error }) => /\.(mkv|webm)$/.test(name) && error.length === 0)
    .map(({ name }) => name)
    .filter((name) => !/^(tail|no-cues|open-|front-index)/.test(name));

  it('there are many', () => {
    assert.ok(names.length > 30);
  });

  for (const name of names) {
    it(`${name}: whole, it is read; cut anywhere behind its first frames, it is TRUNCATED_VIDEO`, async () => {
      const whole = await readFile(join(await fixtureFolder(), name));
      const open = ofOpenSize(whole);
      assert.ok(indexed(open));
      const options = { sampling: 'consecutive', frames } as const;
      const read = await readFrames(open, options);
      const expected = await readFrames(whole, options);
      assert.deepEqual(read.timestamps, expected.timestamps);
      assert.equal(Buffer.compare(read.data, expected.data), 0);

      const random = seededRandom(name);
      const first = open.indexOf(cluster) + cluster.length;
      const lengths = Array.from({ length: cuts }, () => first + Math.floor(random() * (open.length - first)));
      for (const length of [...lengths, open.length - 1]) {
        await assert.rejects(
          readFrames(open.subarray(0, length), options),
          (error) => error instanceof TubeletError && error.code === 'TRUNCATED_VIDEO',
          `${length} of ${open.length} bytes`,
        );
      }
    });
  }
});
