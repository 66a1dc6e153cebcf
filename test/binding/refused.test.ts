import assert from 'node:assert/strict';
import { mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type TubeletErrorCode, load } from '#lib/index';

import { inRoot } from '../support/paths';
import { rejectsWith } from '../support/rejects';
import { suiteFolder } from '../support/temp';

const tenLabels = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [index, `label ${index}`]));

/** What only the programs and the weights can tell. */
const cases: [string, Record<string, unknown>, TubeletErrorCode, RegExp][] = [
  ['motion-vivit', { hidden_act: 'relu' }, 'MODEL_INVALID', /hidden_act is relu, expected a kind of GELU/],
  ['motion-timesformer', { hidden_act: 'silu' }, 'MODEL_INVALID', /hidden_act is silu/],
  ['motion-timesformer', { attention_type: 'space_only' }, 'MODEL_INVALID', /attention_type is space_only, expected/],
  ['motion-videomae', { id2label: { 0: 'a', 1: 'b' } }, 'CHECKPOINT_MISMATCH', /classifier\.weight/],
  ['motion-videomae', { id2label: { ...tenLabels, 10: 'k' } }, 'CHECKPOINT_MISMATCH', /classifier\.bias/],
  ['motion-vivit', { id2label: null, num_labels: 9 }, 'CHECKPOINT_MISMATCH', /classifier\.weight/],
  ['motion-vivit', { num_hidden_layers: 3 }, 'CHECKPOINT_MISMATCH', /encoder\.layer\.3\./],
  ['motion-vivit', { num_frames: 16 }, 'CHECKPOINT_MISMATCH', /position_embeddings/],
];

describe('a configuration that its weights do not fit', function () {
  this.timeout(60_000);
  const suite = suiteFolder('refused');

  /** A bundled checkpoint with another configuration. */
  async function changed(name: string, changes: Record<string, unknown>): Promise<string> {
    const path = await mkdtemp(join(suite(), 'model-'));
    const config = JSON.parse(await readFile(inRoot('models', name, 'config.json'), 'utf8')) as object;
    await writeFile(join(path, 'config.json'), JSON.stringify({ ...config, tubelet: null, ...changes }));
    for (const file of ['model.safetensors', 'preprocessor_config.json']) {
      await symlink(inRoot('models', name, file), join(path, file));
    }
    return path;
  }

  it('is not one that differs in what does not matter', async () => {
    const loaded = await load(await changed('motion-vivit', { id2label: tenLabels, initializer_range: 'wide' }));
    assert.equal(loaded.info.labels[3], 'label 3');
    await loaded.dispose();
  });

  for (const [name, changes, code, message] of cases) {
    it(`is refused: ${name} with ${JSON.stringify(changes)}`, async () => {
      await rejectsWith(load(await changed(name, changes)), code, message);
    });
  }
});
