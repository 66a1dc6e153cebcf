import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

import { openCheckpoint } from '#lib/checkpoints/checkpoint';
import { nativeSpec } from '#lib/checkpoints/native-spec';

import { rejectsWith } from '../support/rejects';
import { suiteFolder } from '../support/temp';

const config = {
  model_type: 'videomae',
  architectures: ['VideoMAEForVideoClassification'],
  num_frames: 8,
  image_size: 64,
  hidden_size: 192,
  tubelet_size: 2,
  qkv_bias: true,
  id2label: { 0: 'still', 1: 'moving' },
};
const preprocessor = { image_processor_type: 'VideoMAEImageProcessor', size: 64, crop_size: 64 };

describe('a checkpoint folder', () => {
  const suite = suiteFolder('checkpoint');

  /** A folder with these files: objects become JSON, strings are written as they are. */
  async function folder(files: Record<string, object | string>): Promise<string> {
    const path = await mkdtemp(join(suite(), 'folder-'));
    for (const [name, content] of Object.entries(files)) {
      await writeFile(join(path, name), typeof content === 'string' ? content : JSON.stringify(content));
    }
    return path;
  }

  const complete = { 'config.json': config, 'preprocessor_config.json': preprocessor, 'model.safetensors': 'weights' };

  it('gives configuration, preprocessing, sampling and weights', async () => {
    const path = await folder(complete);
    const checkpoint = await openCheckpoint(path);
    assert.equal(checkpoint.name, path);
    assert.equal(checkpoint.revision, undefined);
    assert.equal(checkpoint.config.family, 'videomae');
    assert.deepEqual(checkpoint.config.labels, ['still', 'moving']);
    assert.deepEqual(checkpoint.sampling, { frames: 8, stride: 4, fps: 30 });
    assert.equal(checkpoint.preprocessing.cropHeight, 64);
    assert.equal(checkpoint.format, 'safetensors');
    assert.deepEqual(
      checkpoint.weights.map((file) => file.path),
      [join(path, 'model.safetensors')],
    );
  });

  it('may be named by a relative path that starts with a point', async () => {
    const path = await folder(complete);
    assert.equal((await openCheckpoint(`./${relative('.', path)}`)).name, path);
  });

  it('takes one safetensors file before shards, and shards before .bin', async () => {
    const index = { weight_map: { a: 'model-00002-of-00002.safetensors', b: 'model-00001-of-00002.safetensors' } };
    const shards = {
      'model.safetensors.index.json': index,
      'model-00001-of-00002.safetensors': '1',
      'model-00002-of-00002.safetensors': '2',
    };
    const bin = { 'pytorch_model.bin': 'bin' };
    const { 'model.safetensors': single, ...rest } = complete;

    const names = async (files: Record<string, object | string>): Promise<string[]> => {
      const path = await folder(files);
      return (await openCheckpoint(path)).weights.map((file) => relative(path, file.path));
    };
    assert.deepEqual(await names({ ...rest, ...bin, ...shards, 'model.safetensors': single }), ['model.safetensors']);
    assert.deepEqual(await names({ ...rest, ...bin, ...shards }), [
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
    ]);
    const path = await folder({ ...rest, ...bin });
    assert.equal((await openCheckpoint(path)).format, 'pytorch-bin');
  });

  it("finds the preprocessor's configuration under each of its names, the newest first", async () => {
    const { 'config.json': json, 'model.safetensors': weights } = complete;
    const files = {
      'preprocessor_config.json': { size: 101, crop_size: 64 },
      'video_preprocessor_config.json': { size: 102, crop_size: 64 },
      'processor_config.json': {
        image_processor: { size: 103, crop_size: 64 },
        video_processor: { size: 104, crop_size: 64 },
      },
    };
    const size = async (...names: (keyof typeof files)[]): Promise<number> => {
      const chosen = Object.fromEntries(names.map((name) => [name, files[name]]));
      const path = await folder({ 'config.json': json, 'model.safetensors': weights, ...chosen });
      return (await openCheckpoint(path)).preprocessing.resizeHeight;
    };
    assert.equal(await size('preprocessor_config.json'), 101);
    assert.equal(await size('preprocessor_config.json', 'video_preprocessor_config.json'), 102);
    assert.equal(await size('preprocessor_config.json', 'processor_config.json'), 104);
    assert.equal(await size('processor_config.json'), 104);
  });

  it('goes on to the older names when a processor_config.json has nothing nested', async () => {
    const path = await folder({ ...complete, 'processor_config.json': { processor_class: 'Other' } });
    assert.equal((await openCheckpoint(path)).preprocessing.resizeHeight, 64);
  });

  it('may say itself how it is sampled', async () => {
    const own = (sampling: unknown): Promise<string> =>
      folder({ ...complete, 'config.json': { ...config, tubelet: { sampling } } });
    const sampling = async (value: unknown): Promise<unknown> => (await openCheckpoint(await own(value))).sampling;

    assert.deepEqual(await sampling({ frames: 8, stride: 6, fps: 25 }), { frames: 8, stride: 6, fps: 25 });
    assert.deepEqual(await sampling({ stride: 1.5 }), { frames: 8, stride: 1.5, fps: 30 });
    assert.deepEqual(await sampling({ stride: null }), { frames: 8, stride: null, fps: 30 });
    for (const [value, message] of [
      [{ frames: 16 }, /has 16 frames, but the model takes 8 \(num_frames\)/],
      [{ stride: 0 }, /'sampling': option 'stride' must be a number above 0 .* or null/],
      [{ fps: '30' }, /'sampling': option 'fps' must be a number above 0/],
      [{ strid: 4 }, /'sampling': there is no option 'strid'\. Did you mean 'stride'/],
      ['spread', /'sampling' is "spread" but must be an object/],
    ] as const) {
      await rejectsWith(openCheckpoint(await own(value)), 'MODEL_INVALID', message);
    }
  });

  for (const [what, files, message] of [
    ['has no config.json', { 'model.safetensors': '' }, /There is no config\.json in/],
    ['has broken JSON', { ...complete, 'config.json': '{"model_type": ' }, /config\.json is not valid JSON: /],
    ['has JSON that is no object', { ...complete, 'config.json': '[1]' }, /config\.json must hold a JSON object/],
    ['has a huge config.json', { ...complete, 'config.json': ' '.repeat(5 << 20) }, /more than 4194304/],
    [
      'has no preprocessor configuration',
      { 'config.json': config, 'model.safetensors': '' },
      /no preprocessor_config\.json .* processor\.save_pretrained/,
    ],
    [
      'has no weights',
      { 'config.json': config, 'preprocessor_config.json': preprocessor },
      /no weights in .* \(looked for model\.safetensors, .*pytorch_model\.bin\.index\.json\)/,
    ],
  ] as const) {
    it(`is refused when it ${what}`, async () => {
      await rejectsWith(openCheckpoint(await folder(files)), 'MODEL_INVALID', message);
    });
  }

  it('is refused when its preprocessor makes pixels of another size than the model takes', async () => {
    const open = async (processor: object): Promise<unknown> =>
      openCheckpoint(await folder({ ...complete, 'preprocessor_config.json': processor }));
    const type = { image_processor_type: 'VideoMAEImageProcessor' };
    await rejectsWith(
      open({ ...type, size: 72, crop_size: { height: 64, width: 80 } }),
      'MODEL_INVALID',
      /makes pixels of 64 x 80 \('crop_size'\), but the model takes 64 x 64 \('image_size' in config\.json\)/,
    );
    await rejectsWith(
      open({ ...type, size: { height: 72, width: 64 }, do_center_crop: false }),
      'MODEL_INVALID',
      /makes pixels of 72 x 64 \('size'\)/,
    );
    await open({ ...type, size: { height: 64, width: 64 }, do_center_crop: false });
    for (const [processor, what] of [
      [{ do_resize: false }, /leaves frames as large as they are and crops nothing/],
      [{ size: 64 }, /scales the short side to 64 and crops nothing, .* the model takes 64 x 64/],
    ] as const) {
      await rejectsWith(open({ ...type, ...processor, do_center_crop: false }), 'MODEL_INVALID', what);
    }
  });

  it('says of tubelet what it does not know', async () => {
    const path = await folder({ ...complete, 'config.json': { ...config, tubelet: 'fast' } });
    await rejectsWith(openCheckpoint(path), 'MODEL_INVALID', /'tubelet' is "fast" but must be an object/);
  });

  it('takes a byte order mark', async () => {
    const path = await folder({ ...complete, 'config.json': `\uFEFF${JSON.stringify(config)}` });
    assert.equal((await openCheckpoint(path)).config.family, 'videomae');
  });

  it('never leads out of itself through an index', async () => {
    const { 'config.json': json, 'preprocessor_config.json': processor } = complete;
    await writeFile(join(suite(), 'outside.safetensors'), 'weights');
    const index = (weight_map: unknown): Promise<string> =>
      folder({
        'config.json': json,
        'preprocessor_config.json': processor,
        'model.safetensors.index.json': { weight_map },
      });

    const outside = join(suite(), 'outside.safetensors');
    for (const name of [
      '../outside.safetensors',
      outside,
      'a/b.safetensors',
      '..',
      '.hidden.safetensors',
      'a\0.safetensors',
      7,
    ]) {
      await rejectsWith(openCheckpoint(await index({ a: name })), 'MODEL_INVALID', /files of weights beside it/);
    }
    await rejectsWith(
      openCheckpoint(await index({ a: 'a.safetensors' })),
      'MODEL_INVALID',
      /a\.safetensors is not there, but the index names it/,
    );
    await rejectsWith(
      openCheckpoint(await index({})),
      'MODEL_INVALID',
      /'weight_map' must map tensors to files of weights beside it/,
    );
    await rejectsWith(openCheckpoint(await index(['a'])), 'MODEL_INVALID', /'weight_map' must map/);
  });

  it('has one key whatever name leads to the same files, and another when a file or config.json differs', async () => {
    const path = await folder(complete);
    const link = join(suite(), 'link');
    await symlink(path, link);
    const key = async (name: string): Promise<string> => nativeSpec(await openCheckpoint(name)).key;
    const first = await key(path);
    assert.equal(await key(link), first);
    assert.notEqual(await key(await folder(complete)), first);
    await writeFile(join(path, 'preprocessor_config.json'), JSON.stringify({ ...preprocessor, size: 72 }));
    assert.equal(await key(path), first, 'how frames become pixels is no matter of the weights');
    await writeFile(join(path, 'config.json'), JSON.stringify({ ...config, num_frames: 16 }));
    assert.notEqual(await key(path), first);
  });

  it('passes device, threads and maxQueue on, with finite defaults', async () => {
    const checkpoint = await openCheckpoint(await folder(complete));
    const byDefault = nativeSpec(checkpoint);
    assert.equal(byDefault.device, 'cpu');
    assert.equal(byDefault.threads, 0);
    assert.equal(byDefault.maxQueue, 1024);
    const { device, threads, maxQueue } = nativeSpec(checkpoint, { device: 'cuda:1', threads: 3, maxQueue: 5 });
    assert.deepEqual([device, threads, maxQueue], ['cuda:1', 3, 5]);
    assert.match(byDefault.programPath ?? '', /models\/programs\/videomae\.pt$/);
  });

  it('is READ_FAILED when a file of it cannot be read', async () => {
    for (const name of Object.keys(complete)) {
      const path = await folder({ ...complete });
      await rm(join(path, name));
      await symlink(name, join(path, name)); // a link to itself: there, and not to be opened
      await rejectsWith(openCheckpoint(path), 'READ_FAILED', new RegExp(`^Cannot read .*/${name}: ELOOP`));
    }
  });

  it('is not a file, and not nothing', async () => {
    const path = await folder(complete);
    await rejectsWith(openCheckpoint(join(path, 'config.json')), 'MODEL_INVALID', /is not a folder: name the folder/);
    await rejectsWith(openCheckpoint(join(path, 'nowhere')), 'MODEL_NOT_FOUND', /There is no folder .*nowhere/);
    await mkdir(join(path, 'sub', 'config.json'), { recursive: true });
    await rejectsWith(openCheckpoint(join(path, 'sub')), 'MODEL_INVALID', /config\.json is not a file/);
  });
});
