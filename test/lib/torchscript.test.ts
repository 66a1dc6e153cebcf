import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

import { type LoadOptions, classify, embed, exportModel, load, readFrames } from '#lib/index';
import { programFile } from '#lib/checkpoints/locate';
import { preprocessorConfig, readPreprocessing } from '#lib/checkpoints/preprocessing';

import { inRoot } from '../support/paths';
import { rejectsWith } from '../support/rejects';
import { samples } from '../support/samples';
import { suiteFolder } from '../support/temp';

describe('a TorchScript file', () => {
  const folder = suiteFolder('torchscript');
  let file: string;
  before(async () => {
    file = join(folder(), 'a.pt');
    await writeFile(file, 'a program');
  });

  it('is what a name that ends in .pt means, wherever it begins', async () => {
    assert.equal(await programFile(file), file);
    assert.equal(await programFile(`./${relative('.', file)}`), file);
    assert.equal(await programFile(relative('.', file)), file);
    assert.equal(await programFile('motion-vivit'), undefined);
    assert.equal(await programFile('org/name'), undefined);
    await rejectsWith(programFile('org/name.pt'), 'MODEL_NOT_FOUND', /There is no file .*org\/name\.pt/);
    const named = join(folder(), 'folder.pt');
    await mkdir(named);
    assert.equal(await programFile(named), undefined);
    await rejectsWith(load(named), 'MODEL_INVALID', /There is no config\.json in .*folder\.pt/);
  });

  it('is run by load alone, and only when it is trusted', async () => {
    for (const work of [
      load(file),
      load(file, { trust: false, frames: 8 }),
      load(relative('.', file)),
      classify(samples[0]!, { model: file }),
      embed(samples[0]!, { model: relative('.', file) }),
    ]) {
      await rejectsWith(
        work,
        'UNTRUSTED_MODEL',
        /a\.pt is a TorchScript file.*overwrite files.*Nothing of it has been re/s,
      );
    }
    const none = { data: new Uint8Array(3), width: 1, height: 1 };
    await rejectsWith(readFrames(none, { model: file }), 'INVALID_ARGUMENT', /only load takes it/);
    await rejectsWith(exportModel(file, join(folder(), 'b.pt')), 'INVALID_ARGUMENT', /only load takes it/);
    await rejectsWith(load(file, { trust: true }), 'MODEL_INVALID', /a\.pt: is not a TorchScript file/);
  });

  it("needs no trust, and takes no options of a program's, when it is something else", async () => {
    await (await load('motion-vivit', { trust: true })).dispose();
    for (const options of [{ frames: 8 }, { size: 64 }, { mean: 0.5, std: 0.5 }, { layout: 'TCHW' }] as const) {
      const [name = ''] = Object.keys(options);
      await rejectsWith(
        load('motion-vivit', options),
        'INVALID_ARGUMENT',
        new RegExp(`'${name}' is about TorchScript files \\(\\.pt\\): 'motion-vivit' is a checkpoint`),
      );
    }
  });

  for (const [options, message] of [
    [{ trust: 'yes' }, /'trust' must be true or false/],
    [{ frames: 0 }, /'frames' must be a whole number/],
    [
      { size: { height: 1, width: 2, depth: 3 } },
      /'size' must be a whole number from 1 to 4096, or \{ height, width \}/,
    ],
    [{ mean: [1, 2] }, /'mean' must be a number, or three/],
    [{ std: [1, 0, 1] }, /'std' must be a number above 0/],
    [{ layout: 'THWC' }, /'layout' must be one of/],
  ] as const) {
    it(`refuses wrong options before anything else: ${JSON.stringify(options)}`, () =>
      rejectsWith(load('nowhere.pt', options as unknown as LoadOptions), 'INVALID_ARGUMENT', message));
  }
});

describe('exportModel', () => {
  const folder = suiteFolder('export-options');

  it('refuses what makes no sense before it reads anything', async () => {
    const to = join(folder(), 'out.pt');
    await rejectsWith(exportModel('', to), 'INVALID_ARGUMENT', /the model must be named/);
    await rejectsWith(exportModel(undefined as unknown as string, to), 'INVALID_ARGUMENT', /name the model to export/);
    for (const file of ['', 'out', 'out.pth', 7]) {
      await rejectsWith(exportModel('a', file as string), 'INVALID_ARGUMENT', /must be a path that ends in \.pt, got/);
    }
    await rejectsWith(exportModel('a', to, { force: true } as object), 'INVALID_ARGUMENT', /no option 'force'/);
    await rejectsWith(exportModel('motion-vivt', to), 'MODEL_NOT_FOUND', /Did you mean 'motion-vivit'/);
    const labels = ['one', 'two'];
    await rejectsWith(exportModel('motion-vivit', to, { labels }), 'INVALID_ARGUMENT', /has 10 classes/);
    await writeFile(to, 'mine');
    await rejectsWith(exportModel('a', to), 'WRITE_FAILED', /out\.pt is there already/);
    const reason = new Error('the user left');
    const signal = AbortSignal.abort(reason);
    await assert.rejects(exportModel('motion-vivit', to, { overwrite: true, signal }), (error) => error === reason);
  });

  it('writes what it was asked to change, and load reads it back', async () => {
    const to = join(folder(), 'changed.pt');
    const labels = Array.from({ length: 10 }, (_, index) => `class ${index}`);
    const changes = { labels, sampling: { stride: 3, fps: 24 }, resize: 'plain', range: 'paper' } as const;
    const { checkpoint, file } = await exportModel('motion-vivit', to, changes);
    assert.equal(file, to);
    const [model, original] = [await load(to, { trust: true }), await load('motion-vivit', changes)];
    try {
      const { info } = model;
      assert.deepEqual(info.origin, { ...checkpoint, licence: { id: 'MIT', commercial: true } });
      assert.deepEqual(info.licence, original.info.licence);
      assert.deepEqual(info.labels, labels);
      assert.deepEqual(info.sampling, { frames: 8, stride: 3, fps: 24 });
      assert.equal(info.preprocessing.resize, 'plain');
      const { family, size, width } = original.info;
      assert.deepEqual({ family: info.family, size: info.size, width: info.width }, { family, size, width });
      const clip = inRoot('samples', 'pan-right.mp4');
      const options = { logits: true };
      const [ours, theirs] = [await model.classify(clip, options), await original.classify(clip, options)];
      assert.deepEqual(ours.logits, theirs.logits);
      assert.deepEqual(ours.timestamps, theirs.timestamps);
    } finally {
      await Promise.all([model.dispose(), original.dispose()]);
    }
  });
});

describe('an export', () => {
  const folder = suiteFolder('exported');

  it('takes what the checkpoint takes: published tests, layers, bfloat16', async () => {
    const file = join(folder(), 'a.pt');
    await exportModel('motion-vivit', file);
    const clip = inRoot('samples', 'pan-right.mp4');
    for (const precision of ['fp32', 'bf16'] as const) {
      const [ours, theirs] = [await load(file, { trust: true, precision }), await load('motion-vivit', { precision })];
      try {
        assert.deepEqual([ours.info.precision, ours.info.layers], [precision, theirs.info.layers]);
        const paper = { sampling: 'paper', logits: true } as const;
        const [here, there] = [await ours.classify(clip, paper), await theirs.classify(clip, paper)];
        assert.deepEqual([here.logits, here.views], [there.logits, there.views]);
        const grid = { layer: 2, pooling: 'none' } as const;
        assert.deepEqual((await ours.embed(clip, grid)).data, (await theirs.embed(clip, grid)).data);
      } finally {
        await Promise.all([ours.dispose(), theirs.dispose()]);
      }
    }
  });
});

describe("a preprocessor's configuration that tubelet writes", () => {
  it('is read back as the same numbers', () => {
    const size = { height: 96, width: 112 };
    for (const config of [
      {},
      { size: 72, crop_size: 64, resample: 3 },
      { size, do_center_crop: false, do_rescale: false, image_mean: [0.1, 0.2, 0.3], image_std: 0.3 },
      { do_resize: false, crop_size: size, resample: 0, do_normalize: false },
      { image_processor_type: 'VivitImageProcessor' },
    ]) {
      for (const family of ['vivit', 'videomae'] as const) {
        const preprocessing = readPreprocessing(config, 'a', family);
        const written = JSON.parse(JSON.stringify(preprocessorConfig(preprocessing))) as Record<string, unknown>;
        const back = readPreprocessing(written, 'b', 'timesformer');
        // Sizes that no rule uses may be anything.
        const used = { ...back, ...(back.resize === 'none' && { resizeHeight: 0, resizeWidth: 0 }) };
        assert.deepEqual(used, preprocessing);
      }
    }
  });
});
