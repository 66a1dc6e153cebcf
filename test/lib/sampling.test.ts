import assert from 'node:assert/strict';

import { describe as inWords, readOptions } from '#lib/base/rules';
import { readConfig } from '#lib/checkpoints/config';
import { trainedSampling } from '#lib/checkpoints/presets';
import { toNativeSampling } from '#lib/sampling/native';
import { modelSamplingRule, samplingRule } from '#lib/sampling/sampling';

import { throwsWith } from '../support/rejects';

describe('sampling', () => {
  const read = (sampling: unknown): unknown => readOptions('readFrames', { sampling }, { sampling: samplingRule });

  it('is a rule, a list of frames or a spacing', () => {
    for (const sampling of [
      'trained',
      'spread',
      'consecutive',
      { timestamps: [1.5, 0, 1.5] },
      { indices: [3, 0] },
      { stride: 4 },
      { stride: null },
      { frames: 8, stride: 2.5, fps: 25 },
    ]) {
      assert.deepEqual(read(sampling), { sampling });
    }
  });

  it('lists what it listed when the call was made', () => {
    const timestamps = [1, 2];
    const copy = read({ timestamps });
    timestamps[0] = 7;
    assert.deepEqual(copy, { sampling: { timestamps: [1, 2] } });
  });

  for (const [sampling, message] of [
    ['middle', /option 'sampling' must be one of 'trained', 'spread', 'consecutive', \{ timestamps: \[\.\.\.\] \}, /],
    [{}, /must be one of .* got \{\}/],
    [[1], /must be one of .* got \[ 1 \]/],
    [null, /got null/],
    [{ timestamps: [1], indices: [1] }, /must be one of/],
    [{ timestamps: [] }, /sampling\.timestamps must be an array of 1 to 4096 finite numbers, got \[\]/],
    [{ timestamps: 1 }, /sampling\.timestamps must be an array .* got 1/],
    [{ timestamps: [0, NaN] }, /sampling\.timestamps must be finite numbers, got NaN \(a number\) at 1/],
    [{ timestamps: ['0'] }, /got '0' \(a string\) at 0/],
    [{ indices: [0.5] }, /sampling\.indices must be whole numbers from 0 on, got 0\.5/],
    [{ indices: [-1] }, /got -1/],
    [{ indices: Array.from({ length: 4097 }, () => 0) }, /1 to 4096 whole numbers/],
    [{ indices: new Array(2) }, /got undefined at 0/],
    [{ stride: -1 }, /sampling: option 'stride' must be a number above 0 and up to 1000, or null, got -1/],
    [{ fps: null }, /sampling: option 'fps' must be a number above 0 and up to 1000, got null/],
    [{ frames: 0 }, /sampling: option 'frames' must be a whole number from 1 to 4096/],
    [{ stride: 4, interval: 2 }, /sampling: there is no option 'interval'\. There are: frames, stride, fps/],
    [{ stride: 4, indices: [1] }, /must be one of/],
  ] as const) {
    it(`is not ${inWords(sampling)}`, () => {
      throwsWith(() => read(sampling), 'INVALID_ARGUMENT', message);
    });
  }

  it("is a model's test protocol too, and otherwise the same", () => {
    const shown = (sampling: unknown): unknown =>
      readOptions('classify', { sampling }, { sampling: modelSamplingRule }).sampling;
    assert.equal(shown('paper'), 'paper');
    assert.equal(shown('spread'), 'spread');
    const indices = [1];
    const copy = shown({ indices });
    indices[0] = 2;
    assert.deepEqual(copy, { indices: [1] });
    throwsWith(() => shown('papers'), 'INVALID_ARGUMENT', /'consecutive', 'paper', \{ timestamps/);
    throwsWith(() => shown({ indices: [-1] }), 'INVALID_ARGUMENT', /classify: sampling\.indices must be/);
    throwsWith(() => read('paper'), 'INVALID_ARGUMENT', /must be one of 'trained', 'spread', 'consecutive', \{/);
  });

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
      protocol: null,
      start: 0,
      end: null,
    });
  });

  it('keeps of the trained spacing what is not said otherwise', () => {
    for (const [sampling, frames, interval] of [
      [{ stride: 8 }, 16, 8 / 30],
      [{ fps: 15 }, 16, 4 / 15],
      [{ frames: 5, stride: 1, fps: 10 }, 5, 1 / 10],
      [{ stride: undefined, frames: undefined }, 16, 4 / 30],
    ] as const) {
      const native = toNativeSampling({ sampling }, kinetics);
      assert.deepEqual([native.mode, native.frames, native.interval], ['trained', frames, interval]);
    }
    const { mode, interval } = toNativeSampling({ sampling: { stride: null } }, kinetics);
    assert.deepEqual([mode, interval], ['spread', 0]);
    assert.equal(toNativeSampling({ sampling: { stride: 3 } }, wholeVideo).interval, 3 / 30);
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
