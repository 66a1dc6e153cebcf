import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';

import { readFrames } from '#lib/index';

import { type Fixture, fixtureFolder, fixtures } from '../../test/fixtures/make.mjs';
import { frameTimes } from '../support/ffmpeg.js';
import { seededRandom } from '../support/random.js';
import { suiteFolder } from '../support/temp.js';

const run = promisify(execFile);
const timeTolerance = 1e-6;

/** Muxers that write a presentation time for each packet, whatever it is. */
const containers = ['.mp4', '.mov', '.mkv', '.webm', '.ts'];
/** Longer ones take long and tell nothing more. */
const mostFrames = 100;

/** What a fixture says of itself does not survive the copy in these. */
function isCopied({ name, error, untimed }: Fixture): boolean {
  return error.length === 0 && untimed !== true && containers.includes(extname(name)) && !name.startsWith('ten-hours');
}

/** A copy in which one packet behind the first three is shown earlier or later than it was. */
async function withOneTimeMoved(source: string, { name, stream }: Fixture, folder: string): Promise<string> {
  const random = seededRandom(`moved ${name}`);
  const packet = 3 + Math.floor(random() * 8);
  const seconds = (random() < 0.5 ? -1 : 1) * (0.03 + 0.09 * random());
  const file = join(folder, `moved-${name}`);
  const moved = `setts=pts=max(PTS+eq(N\\,${packet})*(${seconds})/TB\\,DTS)`;
  const words = ['-i', source, '-map', `0:${stream}`, '-c', 'copy', '-bsf:v', moved, '-bitexact', file];
  await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...words]);
  return file;
}

describe('a time that contradicts the order of the frames', function () {
  this.timeout(60_000);
  const scratch = suiteFolder('times');
  let folder = '';
  let contradicting = 0;

  before(async () => {
    folder = await fixtureFolder();
  });

  for (const fixture of fixtures.filter(isCopied)) {
    it(`${fixture.name}: frames have the times that ffprobe gives them`, async () => {
      const file = await withOneTimeMoved(join(folder, fixture.name), fixture, scratch());
      const coded = (await frameTimes(file, 0)).slice(0, mostFrames);
      if (coded.some((time, k) => k > 0 && time <= coded[k - 1]!)) contradicting++;
      const sorted = [...coded].sort((a, b) => a - b);
      const { timestamps } = await readFrames(file, { sampling: { indices: [...sorted.keys()] } });
      for (const [k, time] of sorted.entries()) {
        const due = time - sorted[0]!;
        assert.ok(Math.abs(timestamps[k]! - due) <= timeTolerance, `frame ${k}: ${timestamps[k]} s, not ${due} s`);
      }
    });
  }

  // A suite of its own, so that it comes last.
  describe('of all copies', () => {
    it('most contradict', () => {
      assert.ok(contradicting > 20, `only ${contradicting} do`);
    });
  });
});
