import assert from 'node:assert/strict';

import { trainedSampling } from '#lib/presets';
import { readConfig } from '#lib/config';
import { toNativeSampling } from '#lib/sampling';

describe('sampling', () => {
  const kinetics = { frames: 16, stride: 4, fps: 30 };
  const wholeVideo = { frames: 16, stride: null, fps: 30 };

  it('goes by time', () => {
    const { mode, frames, interval } = toNativeSampling({}, kinetics);
    assert.deepEqual([mode, frames], ['trained', 16]);
    assert.ok(Math.abs(interval - 4 / 30) < 1e-12);
  });

  it('is spread over the whole video when the checkpoint was trained so', () => {
    assert.deepEqual(toNativeSampling({}, wholeVideo), {
      mode: 'spread',
      frames: 16,
      interval: 0,
      padding: 'repeat-last',
      timestamps: [],
      indices: [],
      start: 0,
      end: null,
    });
  });

  it('has no interval in the other modes', () => {
    for (const mode of ['spread', 'consecutive'] as const) {
      const native = toNativeSampling({ sampling: mode }, kinetics);
      assert.deepEqual([native.mode, native.interval], [mode, 0]);
    }
  });

  it("fills a short video up as each family's code does", () => {
    assert.equal(toNativeSampling({}, kinetics, 'vivit').padding, 'loop');
    assert.equal(toNativeSampling({}, kinetics, 'videomae').padding, 'repeat-last');
    assert.equal(toNativeSampling({}, kinetics, 'timesformer').padding, 'repeat-last');
  });

  it('knows the published checkpoints, and falls back on the family', async () => {
    const sampling = async (name: string, json: Record<string, unknown>): Promise<unknown> => {
      const { stride, frames } = await trainedSampling(name, json, readConfig(json, 'config.json'), 'config.json');
      return [frames, stride];
    };
    const hr = { model_type: 'timesformer', num_frames: 16 };
    assert.deepEqual(await sampling('facebook/timesformer-hr-finetuned-k400', hr), [16, 16]);
    assert.deepEqual(await sampling('facebook/timesformer-hr-finetuned-ssv2', hr), [16, null]);
    assert.deepEqual(await sampling('./mine', { model_type: 'timesformer' }), [8, 32]);
    assert.deepEqual(await sampling('./mine', { model_type: 'videomae' }), [16, 4]);
    assert.deepEqual(await sampling('./mine', { model_type: 'vivit' }), [32, 2]);
  });
});
