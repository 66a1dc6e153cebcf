import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { TubeletError } from '#lib/base/errors';
import { inTerms } from '#lib/cli/base/terms';
import { embed, load, probe, readFrames } from '#lib/index';

import { samples } from '../support/samples';
import { suiteFolder } from '../support/temp';

const [clip = ''] = samples;
const model = 'motion-vivit';

describe('errors in the words of the command line', () => {
  const folder = suiteFolder('terms');

  async function told(work: () => Promise<unknown>): Promise<string> {
    try {
      await work();
    } catch (error) {
      return inTerms(error).message;
    }
    throw new Error('it did not fail');
  }

  for (const [what, work, expected] of [
    ['a limit', () => probe(clip, { limits: { bytes: 10 } }), /Raise --limit bytes=N to read it/],
    ['another limit', () => readFrames(clip, { limits: { frames: 2 } }), /Raise --limit frames=N to read it/],
    ['pixels', () => readFrames(clip, { limits: { pixels: 2 } }), /Raise --limit pixels=N to read it/],
    ['a layer', () => embed(clip, { model, layer: 99 }), /and --layer asks for 99/],
    ['a pooling', () => embed(clip, { model, layer: 1, pooling: 'head' }), /with --layer use 'mean'/],
    ['a range', () => load('motion-videomae', { range: 'paper' }), /^--range is for ViViT/],
    ['a spacing', () => readFrames(clip, { sampling: 'spread', stride: 3 }), /^--stride and --fps say/],
    ['an address', () => probe('https://a.b/c.mp4'), /for an address use --url/],
  ] as const) {
    it(`name the flag: ${what}`, async () => {
      const message = await told(work);
      assert.match(message, expected);
      assert.doesNotMatch(message, /option|`|new URL|readFrames/);
    });
  }

  it('name the flag: a time limit', () => {
    const message = "The call took longer than its option 'timeoutMs' allows, 5 ms. Raise it";
    assert.equal(
      inTerms(new TubeletError('TIMEOUT', message)).message,
      'The call took longer than --timeout allows, 5 ms. Raise it',
    );
  });

  it('leave alone what only looks like an option', async () => {
    const file = join(folder(), 'start');
    await writeFile(file, 'no video');
    assert.match(await told(() => probe(file)), /^'.*\/start' is not a video file/);
    const message = "config.json: 'frames' must be a whole number";
    assert.equal(inTerms(new TubeletError('MODEL_INVALID', message)).message, message);
  });
});
