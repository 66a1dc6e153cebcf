import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { models, report } from '#lib/cli/commands/models';
import { type KnownModel, knownModels } from '#lib/checkpoints/known';
import { bundledModels } from '#lib/checkpoints/locate';

import { suiteFolder } from '../support/temp';
import { fakeSession } from './session';

const commit = '0123456789abcdef0123456789abcdef01234567';

describe('the known models', () => {
  const folder = suiteFolder('models');
  const cacheBefore = process.env['HF_HUB_CACHE'];
  beforeEach(() => {
    process.env['HF_HUB_CACHE'] = folder();
  });
  afterEach(() => {
    if (cacheBefore === undefined) delete process.env['HF_HUB_CACHE'];
    else process.env['HF_HUB_CACHE'] = cacheBefore;
  });

  /** A repository in the cache, with these files in the snapshot of `main`. */
  async function cache(repository: string, ...files: string[]): Promise<void> {
    const root = join(folder(), `models--${repository.replace('/', '--')}`);
    const snapshot = join(root, 'snapshots', commit);
    await mkdir(join(root, 'refs'), { recursive: true });
    await mkdir(snapshot, { recursive: true });
    await writeFile(join(root, 'refs', 'main'), commit);
    for (const file of files) await writeFile(join(snapshot, file), '');
  }

  it('begin with the bundled ones', async () => {
    const known = await knownModels();
    const bundled = await bundledModels();
    assert.deepEqual(
      known.slice(0, bundled.length).map(({ name }) => name),
      bundled,
    );
    for (const [index, model] of known.entries()) assert.equal(model.bundled, index < bundled.length, model.name);
  });

  it('are cached when they are whole', async () => {
    const cached = async (): Promise<string[]> =>
      (await knownModels()).filter((model) => model.cached && !model.bundled).map(({ name }) => name);
    assert.deepEqual(await cached(), []);
    await cache('MCG-NJU/videomae-base', 'config.json');
    assert.deepEqual(await cached(), []);
    await cache('MCG-NJU/videomae-large', 'config.json', 'preprocessor_config.json', 'model.safetensors.index.json');
    assert.deepEqual(await cached(), []);
    await cache('MCG-NJU/videomae-base', 'config.json', 'preprocessor_config.json', 'pytorch_model.bin');
    await cache('google/vivit-b-16x2', 'config.json', 'preprocessor_config.json', 'model.safetensors');
    await cache('somebody/else', 'config.json', 'preprocessor_config.json', 'model.safetensors');
    assert.deepEqual(await cached(), ['MCG-NJU/videomae-base', 'google/vivit-b-16x2']);
  });

  it('are a table that fits 80 columns, each name whole', async () => {
    const session = fakeSession();
    assert.equal(await models.run([], session), 0);
    const [text = ''] = session.printed;
    const lines = text.split('\n');
    for (const line of lines) assert.ok(line.length <= 80, line);
    assert.match(lines[0] ?? '', /^ +frames +size +top-1 +GFLOP +here$/);
    assert.equal(lines[1], 'Bundled (MIT)');
    for (const { name } of await knownModels()) {
      assert.equal(lines.filter((line) => line.split(' ')[0] === name).length, 1, name);
    }
  });

  it('have a row with what is known, under their licence', () => {
    const model: KnownModel = {
      name: 'org/name',
      family: 'vivit',
      knows: 'Kinetics-400',
      classes: 400,
      frames: 32,
      stride: 2,
      size: 224,
      top1: 79.9,
      gflop: 903,
      parameters: 89,
      licence: { id: 'MIT', commercial: true },
      source: 'a paper',
      bundled: false,
      cached: true,
    };
    const spread = { ...model, name: 'org/other', stride: null, top1: null, cached: false };
    const closed = { ...model, name: 'org/closed', licence: { id: 'CC-BY-NC-4.0', commercial: false } };
    assert.deepEqual(report([model, spread, closed], { color: false }).split('\n'), [
      '            frames  size  top-1  GFLOP  here',
      'ViViT (MIT)',
      'org/name      32x2   224   79.9    903   yes',
      'org/other   32 all   224      -    903    no',
      '',
      'ViViT (CC-BY-NC-4.0, no commercial use)',
      'org/closed    32x2   224   79.9    903   yes',
    ]);
  });

  it('are JSON lines on request', async () => {
    const session = fakeSession();
    await models.run(['--json'], session);
    const lines = session.printed.join('\n').split('\n');
    const parsed = lines.map((line) => JSON.parse(line) as KnownModel);
    assert.deepEqual(parsed, await knownModels());
  });
});
