import assert from 'node:assert/strict';
import { join } from 'node:path';

import { type ReadFramesResult, TubeletError, readFrames } from '#lib/index';
import { binding } from '#lib/native/runtime';

import { type Fixture, fixtureFolder, fixtures } from '../../test/fixtures/make.mjs';
import { frameTimes, renderedFrames } from '../support/ffmpeg.js';
import { type Row, checkTable } from '../support/fixture-table.js';
import { type Levels, levelsApart, pickFrames } from '../support/levels.js';
import { seededRandom } from '../support/random.js';
import { suiteFolder } from '../support/temp.js';
import { type TorchcodecFrames, readWithTorchcodec } from '../support/torchcodec.js';

/** Of the mean difference of a frame, and of the largest. */
const usual = { mean: 1, largest: 3 };
/** Times are exact multiples of the stream's time base on both sides: what is left is the rounding of doubles. */
const timeTolerance = 1e-6;
const framesForTorchcodec = 12;
const randomTimes = 12;
/** More frames than a file that is refused has: all of it is asked for. */
const moreThanAny = 64;
/** Frames of a damaged file that cannot be decoded. */
const mostLost = 16;

const deinterlace = 'bwdif=mode=send_frame:deint=interlaced';
/** The documented curve (docs/pictures.md) as the ffmpeg program's usual chain. */
const toneMap =
  'zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=tonemap=hable:desat=0:peak=10,' +
  'zscale=t=bt709:r=pc,format=gbrp';

/** A video as ffmpeg and ffprobe see it, in the order in which its frames are shown. */
interface Reference {
  /** Seconds from the first frame. */
  times: number[];
  frames: Uint8Array;
}

async function reference(file: string, fixture: Fixture): Promise<Reference> {
  const filters = [...(fixture.interlaced ? [deinterlace] : []), ...(fixture.hdr ? [toneMap] : [])];
  const rendering = { size: fixture.size, filters, alpha: fixture.alpha ?? false, turn: fixture.turned?.by };
  const coded = await frameTimes(file, fixture.stream);
  const frames =
    fixture.alone === undefined
      ? await renderedFrames(file, rendering)
      : Buffer.concat(await Promise.all(coded.map((at) => renderedFrames(file, { ...rendering, at }))));
  if (fixture.untimed) return { times: coded, frames };
  const order = coded.map((_, index) => index).sort((a, b) => (coded[a] ?? 0) - (coded[b] ?? 0));
  const first = coded[order[0] ?? 0] ?? 0;
  return {
    times: order.map((index) => (coded[index] ?? 0) - first),
    frames: pickFrames(frames, bytesAFrame(fixture), order),
  };
}

/** The same as tubelet reads it: each frame by its number. */
async function readAll(file: string, fixture: Fixture, { times }: Reference): Promise<ReadFramesResult> {
  if (!fixture.tolerated) return readFrames(file, { sampling: { indices: [...times.keys()] } });
  // Frames that cannot be decoded have a place in tubelet's timeline, filled by the one before; ffmpeg leaves them out.
  const frames = times.length + mostLost;
  const whole = await readFrames(file, { sampling: 'consecutive', frames, onCorrupt: 'tolerate' });
  assert.ok(whole.warnings.length > 0, 'damage without a warning');
  const indices = times.map((time) => whole.timestamps.findIndex((at) => Math.abs(at - time) <= timeTolerance));
  assert.ok(!indices.includes(-1), 'a frame that ffmpeg decodes is missing');
  return {
    ...whole,
    data: pickFrames(whole.data, bytesAFrame(fixture), indices),
    timestamps: indices.map((index) => whole.timestamps[index]!),
  };
}

const bytesAFrame = ({ size: [width, height] }: Fixture): number => width * height * 3;

const libavformat = parseInt(binding().versions().libavformat);
/** Older libraries than these refuse it. What was measured is not for the table, which is the same for all of them. */
const newlyRead = ({ readFrom }: Fixture): boolean => readFrom !== undefined && libavformat >= readFrom;

const refused = fixtures.filter((fixture) => fixture.error.length > 0 && !newlyRead(fixture));
const readable = fixtures.filter((fixture) => !refused.includes(fixture) || fixture.tolerated);
const sound = fixtures.filter(({ error }) => error.length === 0);

function assertWithin({ mean, largest }: Levels, tolerance: Levels): void {
  assert.ok(mean <= tolerance.mean, `the mean difference of a frame is ${mean} levels`);
  assert.ok(largest <= tolerance.largest, `the largest difference is ${largest} levels`);
}

function assertTimes(actual: readonly number[], expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  for (const [index, time] of actual.entries()) {
    const due = expected[index] ?? NaN;
    assert.ok(Math.abs(time - due) <= timeTolerance, `frame ${index} is shown at ${time} s, not ${due} s`);
  }
}

/** The frame on screen: the last that is not after `time`. */
function onScreen(times: readonly number[], time: number): number {
  return times.findLastIndex((start) => start <= time + timeTolerance);
}

describe('fixtures', function () {
  this.timeout(300_000);
  const scratch = suiteFolder('fixtures');
  const rows = new Map<string, Row>(fixtures.map((fixture) => [fixture.name, { fixture }]));
  let folder = '';
  let torchcodec: Promise<Map<string, TorchcodecFrames | string>>;

  before(async () => {
    folder = await fixtureFolder();
    const videos = sound
      .filter((fixture) => !(fixture.torchcodec && 'unread' in fixture.torchcodec))
      .map(({ name, stream }) => ({ name, stream, file: join(folder, name) }));
    torchcodec = readWithTorchcodec(videos, framesForTorchcodec, scratch());
    torchcodec.catch(() => undefined); // reported by the tests that wait for it
  });

  for (const fixture of refused) {
    it(`${fixture.name} (${fixture.about}): ${fixture.error.join(' or ')}`, async () => {
      await assert.rejects(
        readFrames(join(folder, fixture.name), { sampling: 'consecutive', frames: moreThanAny }),
        (error) => error instanceof TubeletError && fixture.error.includes(error.code),
      );
    });
  }

  for (const fixture of readable) {
    describe(`${fixture.name} (${fixture.about})`, () => {
      const size = bytesAFrame(fixture);
      let expected: Reference;
      let all: ReadFramesResult;

      before(async () => {
        const file = join(folder, fixture.name);
        expected = await reference(file, fixture);
        assert.ok(expected.times.length > 0 && expected.frames.length === expected.times.length * size);
        all = await readAll(file, fixture, expected);
      });

      it('frames and their times are those of the ffmpeg program', () => {
        assert.deepEqual([all.shape[2], all.shape[1]], fixture.size);
        if (fixture.untimed) {
          for (let k = 1; k < all.timestamps.length; k++) assert.ok(all.timestamps[k]! >= all.timestamps[k - 1]!);
        } else {
          assertTimes(all.timestamps, expected.times);
        }
        const levels = levelsApart(all.data, expected.frames, size);
        if (!newlyRead(fixture)) {
          Object.assign(rows.get(fixture.name)!, { frames: expected.times.length, ffmpeg: levels });
        }
        assertWithin(levels, fixture.ffmpeg ?? usual);
        assert.equal(all.toneMapped, fixture.hdr ?? false);
      });

      if (fixture.tolerated) {
        it('a damaged frame is the same bytes alone and in order', async () => {
          const file = join(folder, fixture.name);
          const whole = await readFrames(file, { sampling: 'consecutive', onCorrupt: 'tolerate', frames: moreThanAny });
          const count = new Set(whole.timestamps).size;
          for (let index = 0; index < count; index++) {
            const { data } = await readFrames(file, { sampling: { indices: [index] }, onCorrupt: 'tolerate' });
            const inOrder = whole.data.subarray(index * size, (index + 1) * size);
            assert.equal(Buffer.compare(data, inOrder), 0, `frame ${index}`);
          }
        });
        return;
      }

      it('the frame at a time is the last that is not after it, and the same bytes however it is reached', async () => {
        const random = seededRandom(fixture.name);
        const times = fixture.untimed ? all.timestamps : expected.times;
        const wanted = Array.from({ length: randomTimes }, (_, k) =>
          k % 3 === 0 ? times[Math.floor(random() * times.length)]! : random() * all.clip.end,
        );
        const file = join(folder, fixture.name);
        const together = await readFrames(file, { sampling: { timestamps: wanted } });
        const indices = wanted.map((time) => onScreen(times, time));
        assertTimes(
          together.timestamps,
          indices.map((index) => times[index]!),
        );
        for (const [slot, index] of indices.entries()) {
          const inOrder = all.data.subarray(index * size, (index + 1) * size);
          const among = together.data.subarray(slot * size, (slot + 1) * size);
          const alone = await readFrames(file, { sampling: { timestamps: [wanted[slot]!] } });
          const name = `the frame at ${wanted[slot]} s is not frame ${index} as read from the start`;
          assert.equal(Buffer.compare(among, inOrder), 0, `among others, ${name}`);
          // Of a video whose size changes, all frames of a call have the size of its first.
          if (alone.data.length !== size) assert.equal(fixture.name, 'size-changes.ts');
          else assert.equal(Buffer.compare(alone.data, inOrder), 0, `alone, ${name}`);
        }
      });

      if (newlyRead(fixture) || (fixture.torchcodec && 'unread' in fixture.torchcodec)) return;

      const tolerance = fixture.torchcodec ?? usual;
      it('frames and times are those of torchcodec', async () => {
        const theirs = (await torchcodec).get(fixture.name)!;
        if (typeof theirs === 'string') return assert.fail(`torchcodec does not read it: ${theirs}`);
        const first = theirs.times[0]!;
        assertTimes(
          all.timestamps,
          theirs.times.map((time) => time - first),
        );
        assert.deepEqual([theirs.width, theirs.height], fixture.size);
        const levels = levelsApart(pickFrames(all.data, size, theirs.indices), theirs.data, size);
        rows.get(fixture.name)!.torchcodec = levels;
        assertWithin(levels, tolerance);
      });
    });
  }

  it('matrix and range make a difference: a comparison of files that ignore them would prove nothing', async () => {
    const tagged = fixtures.filter(({ name }) => /^bt\d+-/.test(name));
    assert.equal(tagged.length, 6);
    const first = await Promise.all(
      tagged.map(({ name }) => readFrames(join(folder, name), { sampling: { indices: [0] } })),
    );
    for (const [i, a] of first.entries()) {
      for (const b of first.slice(i + 1)) assert.ok(levelsApart(a.data, b.data, a.data.length).mean > 0.5);
    }
  });

  // A suite of its own, so that it comes last: a suite's own tests run before the suites inside it.
  describe('docs/video.md', () => {
    it('lists every fixture with what was measured', () => {
      checkTable([...rows.values()]);
    });
  });
});
