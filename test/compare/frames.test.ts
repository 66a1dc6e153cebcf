import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { basename } from 'node:path';
import { promisify } from 'node:util';

import { probe, readFrames } from '#lib/index';

import { difference } from '../support/arrays';
import { samples } from '../support/samples';

const run = promisify(execFile);

/** The flags of binding/video/pictures/converter: a reference with others would differ by its chroma interpolation. */
const scalerFlags = 'bilinear';

/** When each frame of the stream is shown, in seconds, as ffprobe sees it. */
async function shownAt(clip: string, stream: number): Promise<number[]> {
  const entries = ['-select_streams', String(stream), '-show_entries', 'frame=best_effort_timestamp_time'];
  const { stdout } = await run('ffprobe', ['-v', 'error', ...entries, '-of', 'csv=p=0', clip]);
  const times = stdout
    .split(/[\s,]+/)
    .filter((text) => text !== '')
    .map(Number);
  return times.map((time) => time - (times[0] ?? 0));
}

/** One frame of the stream, by its number, as the ffmpeg program turns it into RGB. */
async function frameOf(clip: string, stream: number, index: number): Promise<Uint8Array> {
  const filters = `select=eq(n\\,${index}),scale=flags=${scalerFlags}`;
  const input = ['-v', 'error', '-i', clip, '-map', `0:${stream}`, '-vf', filters, '-frames:v', '1'];
  const output = ['-sws_flags', scalerFlags, '-pix_fmt', 'rgb24', '-f', 'rawvideo', '-'];
  const { stdout } = await run('ffmpeg', [...input, ...output], { encoding: 'buffer', maxBuffer: 1 << 28 });
  return new Uint8Array(stdout);
}

describe('frames against the ffmpeg program', () => {
  for (const clip of samples) {
    it(`${basename(clip)}: the frame on screen at each timestamp, within one level`, async () => {
      const { streamIndex } = await probe(clip);
      const times = await shownAt(clip, streamIndex);
      const { data, shape, timestamps } = await readFrames(clip, {
        sampling: 'trained',
        frames: 8,
        stride: 4,
        fps: 30,
      });
      const size = shape[1] * shape[2] * 3;
      assert.equal(timestamps.length, 8);
      for (const [slot, timestamp] of timestamps.entries()) {
        const index = times.findIndex((time) => Math.abs(time - timestamp) < 1e-4);
        assert.notEqual(index, -1, `no frame is shown at ${timestamp}`);
        const expected = await frameOf(clip, streamIndex, index);
        const { largest } = difference(data.subarray(slot * size, (slot + 1) * size), expected);
        assert.ok(largest <= 1, `frame at ${timestamp} s: ${largest} levels apart`);
      }
    });
  }
});
