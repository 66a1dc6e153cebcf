import assert from 'node:assert/strict';

import { type RawFrame, type RawFrames, classify, probe, readFrames } from '#lib/index';

import { inRoot } from '../support/paths';
import { rejectsWith } from '../support/rejects';

const model = 'motion-videomae';
const clip = inRoot('samples', 'pan-right.mp4');

/** `count` frames of 2 x 1 pixels, each byte another. */
function bytes(count: number, channels = 3): Uint8Array {
  return Uint8Array.from({ length: count * 2 * channels }, (_, i) => i);
}
const size = { width: 2, height: 1 };
const all = { sampling: 'consecutive' } as const;

describe('raw frames', () => {
  it('come out as they went in', async () => {
    const data = bytes(3);
    const result = await readFrames({ data, ...size, fps: 10 }, { ...all, frames: 3 });
    assert.deepEqual(result.data, data);
    assert.deepEqual(result.shape, [3, 1, 2, 3]);
    assert.deepEqual([result.width, result.height], [2, 1]);
    assert.deepEqual(result.timestamps, [0, 0.1, 0.2]);
    assert.ok(Math.abs(result.clip.end - 0.3) < 1e-9);
    assert.equal(result.repeated, false);
  });

  it('are what readFrames returns, whatever it was told', async () => {
    for (const options of [
      {},
      { sampling: 'spread', frames: 5 },
      { frames: 200 },
      { model: 'motion-vivit' },
    ] as const) {
      const first = await readFrames(clip, options);
      const again = await readFrames(first, { ...all, frames: first.timestamps.length });
      assert.deepEqual(again.timestamps, first.timestamps);
      assert.ok(Buffer.compare(again.data, first.data) === 0);
    }
  });

  it('that were read for a model give the answer that the video gives', async () => {
    const options = { model, logits: true };
    const video = await classify(clip, options);
    const frames = await classify(await readFrames(clip, { model }), { ...options, ...all });
    assert.deepEqual(frames.logits, video.logits);
    assert.deepEqual(frames.timestamps, video.timestamps);
  });

  it('are gray, RGB or RGBA over black, by their length', async () => {
    const timestamps = [0, 1];
    const read = async (data: Uint8Array): Promise<number[]> =>
      Array.from((await readFrames({ data, ...size, timestamps }, { ...all, frames: 2 })).data);
    assert.deepEqual(await read(bytes(2, 1)), [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
    assert.deepEqual(await read(bytes(2, 3)), Array.from(bytes(2, 3)));
    const rgba = [10, 20, 30, 255, 10, 20, 30, 0, 200, 100, 50, 128, 1, 2, 3, 255];
    assert.deepEqual(await read(Uint8Array.from(rgba)), [10, 20, 30, 0, 0, 0, 100, 50, 25, 1, 2, 3]);
  });

  it('are of the channels said, RGB where nothing says how many frames there are', async () => {
    const data = bytes(12, 1); // 12 gray frames, 4 of RGB, 3 of RGBA
    for (const [channels, count] of [
      [1, 12],
      [3, 4],
      [4, 3],
      [undefined, 4],
    ] as const) {
      const { timestamps } = await readFrames(
        { data, ...size, channels, fps: 1 },
        { sampling: 'spread', frames: count },
      );
      assert.equal(new Set(timestamps).size, count);
    }
  });

  it('are a list as well, of one kind', async () => {
    const frame = (first: number, timestamp?: number): RawFrame => ({
      data: Uint8Array.from({ length: 6 }, (_, i) => first + i),
      ...size,
      ...(timestamp !== undefined && { timestamp }),
    });
    const timed = await readFrames([frame(6, 2), frame(0, 1)], { ...all, frames: 2 });
    assert.deepEqual(timed.data, bytes(2), 'in the order of their times');
    assert.deepEqual(timed.timestamps, [1, 2]);
    assert.deepEqual(timed.clip, { start: 1, end: 3 });
    const plain = await readFrames([frame(0), frame(6)], { ...all, frames: 2 });
    assert.deepEqual(plain.timestamps, [0, 1 / 30]);
  });

  it('may be in memory of several kinds', async () => {
    const data = bytes(2);
    const shared = new SharedArrayBuffer(12);
    new Uint8Array(shared).set(data);
    for (const memory of [Buffer.from(data), new Uint8ClampedArray(data), data.slice().buffer, shared]) {
      const result = await readFrames({ data: memory, ...size, fps: 1 }, { ...all, frames: 2 });
      assert.deepEqual(result.data, data);
    }
  });

  it('may be overwritten as soon as the call has been made', async () => {
    const data = bytes(2);
    const timestamps = [0, 1];
    const list = [{ data: bytes(1), ...size }];
    const [one, two] = [
      readFrames({ data, ...size, timestamps }, { ...all, frames: 2 }),
      readFrames(list, { frames: 1 }),
    ];
    data.fill(0);
    timestamps.fill(7);
    list[0]!.data.fill(0);
    assert.deepEqual((await one).data, bytes(2));
    assert.deepEqual((await one).timestamps, [0, 1]);
    assert.deepEqual((await two).data, bytes(1));
  });

  it('keep their own times', async () => {
    const timestamps = [5, 5.5, 6, 6.5, 7];
    const result = await readFrames({ data: bytes(5), ...size, timestamps }, { frames: 3, stride: 15, fps: 30 });
    assert.deepEqual(result.timestamps, [5.5, 6, 6.5]);
    assert.deepEqual(result.clip, { start: 5.5, end: 7 });
  });

  it('keep to the limits, at exactly N and not at N - 1', async () => {
    const frames = { data: bytes(3), ...size, fps: 1 };
    await readFrames(frames, { limits: { bytes: 18, pixels: 2, frames: 3 } });
    for (const [limit, most, value] of [
      ['bytes', 17, 18],
      ['pixels', 1, 2],
      ['frames', 2, 3],
    ] as const) {
      const message = new RegExp(`has ${value} .*the limit is ${most}\\. Raise the limit \`${limit}\``);
      await rejectsWith(readFrames(frames, { limits: { [limit]: most } }), 'LIMIT_EXCEEDED', message);
    }
  });

  it('have no headers to probe', async () => {
    await rejectsWith(probe({ data: bytes(1), ...size } as never), 'INVALID_ARGUMENT', /Raw frames have no headers/);
  });

  const good: RawFrames = { data: bytes(2), ...size, fps: 1 };
  const wrong: [what: string, frames: unknown, message: RegExp][] = [
    ['no width', { ...good, width: 0 }, /frames: width must be a whole number from 1 to 65536, got 0/],
    ['half a pixel', { ...good, height: 1.5 }, /height must be a whole number/],
    ['floats', { ...good, data: new Float32Array(12) }, /data must be bytes, one a channel, .* got Float32Array/],
    ['numbers', { ...good, data: [1, 2, 3] }, /data must be bytes/],
    ['no bytes', { ...good, data: new Uint8Array(0) }, /data has 0 bytes, which is not a number of frames/],
    ['a byte too many', { ...good, data: bytes(2).subarray(1) }, /has 11 bytes, .* 2 x 1 pixels of 3 bytes\. Say with/],
    ['two channels', { ...good, channels: 2 }, /channels must be 1 \(gray\), 3 \(RGB\) or 4 \(RGBA\), got 2/],
    ['fewer times', { data: bytes(2), ...size, timestamps: [0, 1, 2] }, /is not 3 frames of 2 x 1 pixels of 1, 3 or 4/],
    ['no times', { data: bytes(2), ...size, timestamps: [] }, /is not 0 frames/],
    ['times and channels that differ', { data: bytes(2), ...size, timestamps: [0], channels: 3 }, /is not 1 frames of/],
    ['a time of NaN', { data: bytes(1), ...size, timestamps: [NaN] }, /timestamp 0 must be a number of seconds/],
    ['a time before 0', { data: bytes(2), ...size, timestamps: [0, -1] }, /timestamp 1 must be .* from 0 on, got -1/],
    ['a time in words', { data: bytes(1), ...size, timestamps: '0' }, /timestamps must be an array of seconds/],
    ['times and a rate', { ...good, timestamps: [0, 1] }, /either 'timestamps' or 'fps', not both/],
    ['no rate', { ...good, fps: 0 }, /fps must be a number above 0/],
    ['a list with a gap', [{ data: bytes(1), ...size }, undefined], /frame 1 must be \{ data, width, height \}/],
    [
      'a list of two sizes',
      [
        { data: bytes(1), ...size },
        { data: bytes(2), width: 2, height: 2 },
      ],
      /frame 1 is 2 x 2 x 3 and frame 0 is 2 x 1 x 3/,
    ],
    [
      'a list of two kinds',
      [
        { data: bytes(1), ...size },
        { data: bytes(1, 1), ...size },
      ],
      /frame 1 is 2 x 1 x 1 and/,
    ],
    [
      'a list with one time',
      [
        { data: bytes(1), ...size, timestamp: 1 },
        { data: bytes(1), ...size },
      ],
      /1 of 2 frames have/,
    ],
    [
      'a frame of two channels',
      [{ data: bytes(1, 2), ...size }],
      /frame 0: data has 4 bytes, which is not 1 frames of/,
    ],
  ];
  for (const [what, frames, message] of wrong) {
    it(`with ${what}: INVALID_ARGUMENT`, async () => {
      await rejectsWith(readFrames(frames as RawFrames), 'INVALID_ARGUMENT', message);
    });
  }
});
