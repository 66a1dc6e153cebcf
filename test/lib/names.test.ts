import assert from 'node:assert/strict';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { bundledModels, defaultModel, locate } from '#lib/checkpoints/locate';

import { ownEnvironment } from '../support/environment';
import { inRoot } from '../support/paths';
import { rejectsWith } from '../support/rejects';
import { suiteFolder } from '../support/temp';

const commit = '0123456789abcdef0123456789abcdef01234567';
describe("a model's name", () => {
  const suite = suiteFolder('names');
  ownEnvironment(suite);
  beforeEach(() => {
    process.env['HF_HUB_OFFLINE'] = '1';
  });

  /** A hub cache with one whole repository, as huggingface_hub lays it out. */
  async function cache(
    hub: string,
    repository: string,
    refs: Record<string, string> = { main: commit },
  ): Promise<string> {
    const folder = join(hub, `models--${repository.replace('/', '--')}`);
    const snapshot = join(folder, 'snapshots', commit);
    await mkdir(snapshot, { recursive: true });
    for (const file of ['config.json', 'preprocessor_config.json', 'model.safetensors']) {
      await writeFile(join(snapshot, file), '{}');
    }
    for (const [ref, content] of Object.entries(refs)) {
      await mkdir(join(folder, 'refs', ref, '..'), { recursive: true });
      await writeFile(join(folder, 'refs', ref), content);
    }
    return snapshot;
  }

  it('may be a bundled one', async () => {
    const names = await bundledModels();
    assert.ok(names.includes('motion-vivit'), names.join());
    assert.ok(!names.includes('programs'));
    assert.deepEqual(await locate('motion-vivit'), { name: 'motion-vivit', folder: inRoot('models', 'motion-vivit') });
  });

  it('may be a hub name in the cache, with or without a revision', async () => {
    const hub = join(suite(), 'hub');
    process.env['HF_HUB_CACHE'] = hub;
    const folder = await cache(hub, 'org/some.model-1', { main: commit, v2: `${commit}\n`, 'refs/pr/1': commit });
    const expected = { name: 'org/some.model-1', revision: commit, folder };
    for (const suffix of ['', '@main', '@v2', '@refs/pr/1', `@${commit}`]) {
      assert.deepEqual(await locate(`org/some.model-1${suffix}`), expected, suffix);
    }
  });

  it('is looked for where Hugging Face keeps its cache', async () => {
    const places: [variable: string, value: string, hub: string][] = [
      ['HOME', join(suite(), 'home'), join(suite(), 'home', '.cache', 'huggingface', 'hub')],
      ['XDG_CACHE_HOME', join(suite(), 'xdg'), join(suite(), 'xdg', 'huggingface', 'hub')],
      ['HF_HOME', join(suite(), 'hf'), join(suite(), 'hf', 'hub')],
      ['HUGGINGFACE_HUB_CACHE', join(suite(), 'old'), join(suite(), 'old')],
      ['HF_HUB_CACHE', join(suite(), 'new'), join(suite(), 'new')],
    ];
    // Each later one goes before all earlier ones.
    for (const [variable, value, hub] of places) {
      process.env[variable] = value;
      const folder = await cache(hub, 'org/name');
      assert.equal((await locate('org/name')).folder, folder, variable);
    }
    process.env['HF_HUB_CACHE'] = '~/tilde';
    process.env['HOME'] = suite();
    const folder = await cache(join(suite(), 'tilde'), 'org/name');
    assert.equal((await locate('org/name')).folder, folder);
  });

  it('that is not in the cache, where nothing may be downloaded, is an error that says what to do', async () => {
    process.env['HF_HUB_CACHE'] = join(suite(), 'empty');
    const { message } = await rejectsWith(locate('org/name'), 'MODEL_NOT_FOUND', /not in the Hugging Face cache/);
    assert.match(message, /HF_HUB_OFFLINE forbids to download it: unset it, or run 'tubelet pull org\/name' where/);
    assert.match(message, /These come with tubelet.*: .*motion-vivit/);
    process.env['HF_HUB_OFFLINE'] = '0';
    process.env['TRANSFORMERS_OFFLINE'] = 'Yes';
    await rejectsWith(
      locate('org/name@v1.0'),
      'MODEL_NOT_FOUND',
      /TRANSFORMERS_OFFLINE .* 'tubelet pull org\/name@v1\.0'/,
    );
  });

  it('with a revision that is not in the cache is an error of its own', async () => {
    const hub = join(suite(), 'revisions');
    process.env['HF_HUB_CACHE'] = hub;
    await cache(hub, 'org/name', { main: commit, empty: '', gone: commit.replace('0', 'f'), up: '../../../etc' });
    for (const revision of ['v9', 'empty', 'gone', 'up', commit.replace('0', 'e')]) {
      await rejectsWith(
        locate(`org/name@${revision}`),
        'MODEL_NOT_FOUND',
        new RegExp(`'org/name@${revision}' is not in the Hugging Face cache`),
      );
    }
  });

  it('whose checkpoint is in the cache in part is an error that says what is lacking', async () => {
    const hub = join(suite(), 'part');
    process.env['HF_HUB_CACHE'] = hub;
    const folder = await cache(hub, 'org/name');
    await rm(join(folder, 'model.safetensors'));
    await rejectsWith(locate('org/name'), 'MODEL_NOT_FOUND', /is in the Hugging Face cache .*, but without weights\./);
    await writeFile(join(folder, 'model.safetensors.index.json'), '{"weight_map":{"a":"a.safetensors"}}');
    await rm(join(folder, 'preprocessor_config.json'));
    await symlink('../../blobs/gone', join(folder, 'video_preprocessor_config.json'));
    await rejectsWith(locate('org/name'), 'MODEL_NOT_FOUND', /without preprocessor_config\.json, a\.safetensors\./);
    await writeFile(join(folder, 'processor_config.json'), '{}');
    await writeFile(join(folder, 'a.safetensors'), '');
    assert.equal((await locate('org/name')).folder, folder);
    await rm(join(folder, 'config.json'));
    await rejectsWith(locate('org/name'), 'MODEL_NOT_FOUND', /is not in the Hugging Face cache/);
  });

  it('never leads out of the cache', async () => {
    const hub = join(suite(), 'inside');
    process.env['HF_HUB_CACHE'] = hub;
    await cache(hub, 'org/name');
    await writeFile(join(suite(), 'secret'), commit);
    for (const name of [
      'org/name@../../../secret',
      'org/name@a/../../../../secret',
      'org/../name',
      'a/b/c',
      '~/model',
    ]) {
      await rejectsWith(locate(name), 'MODEL_NOT_FOUND', /There is no model/);
    }
  });

  it('that is mistyped, or a folder without its point, gets a hint', async () => {
    await rejectsWith(locate('motion-vivt'), 'MODEL_NOT_FOUND', /Did you mean 'motion-vivit'\?/);
    await rejectsWith(locate('videomae-base'), 'MODEL_NOT_FOUND', /Did you mean 'MCG-NJU\/videomae-base'\?/);
    await rejectsWith(locate('samples'), 'MODEL_NOT_FOUND', /For the folder of that name write '\.\/samples'/);
    process.env['HF_HUB_CACHE'] = join(suite(), 'empty');
    await rejectsWith(locate('test/lib'), 'MODEL_NOT_FOUND', /For the folder of that name write '\.\/test\/lib'/);
  });

  it('is TUBELET_MODEL by default, else VideoMAE on Kinetics', () => {
    assert.equal(defaultModel(), 'MCG-NJU/videomae-base-finetuned-kinetics');
    process.env['TUBELET_MODEL'] = './mine';
    assert.equal(defaultModel(), './mine');
    process.env['TUBELET_MODEL'] = '';
    assert.equal(defaultModel(), 'MCG-NJU/videomae-base-finetuned-kinetics');
  });
});
