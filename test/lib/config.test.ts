import assert from 'node:assert/strict';

import { readConfig } from '#lib/checkpoints/config';

import { throwsWith } from '../support/rejects';

const read = (config: Record<string, unknown>): ReturnType<typeof readConfig> => readConfig(config, 'config.json');
const classifier = { model_type: 'vivit', architectures: ['VivitForVideoClassification'] };

describe('config.json', () => {
  it("has transformers' defaults", () => {
    for (const [family, frames] of [
      ['vivit', 32],
      ['timesformer', 8],
      ['videomae', 16],
    ] as const) {
      const config = read({ model_type: family });
      assert.equal(config.family, family);
      assert.equal(config.frames, frames);
      assert.equal(config.width, 768);
      assert.deepEqual(config.size, { height: 224, width: 224 });
    }
  });

  it('is flattened as models/programs/README.md says', () => {
    const { numbers } = read({
      ...classifier,
      hidden_size: 768,
      layer_norm_eps: 1e-6,
      qkv_bias: true,
      use_cache: false,
      tubelet_size: [2, 16, 16],
      hidden_act: 'gelu_fast',
      problem_type: null,
      task_specific: { a: 1 },
      names: ['a', 'b'],
      infinite: JSON.parse('1e999') as number,
      id2label: { 0: 'a', 1: 'b', 2: 'c' },
    });
    assert.deepEqual(numbers, {
      'model_type.vivit': 1,
      hidden_size: 768,
      layer_norm_eps: 1e-6,
      qkv_bias: 1,
      use_cache: 0,
      'tubelet_size.0': 2,
      'tubelet_size.1': 16,
      'tubelet_size.2': 16,
      'hidden_act.gelu_fast': 1,
      num_labels: 3,
    });
  });

  it('takes a size of one number or two', () => {
    assert.deepEqual(read({ ...classifier, image_size: 112 }).size, { height: 112, width: 112 });
    assert.deepEqual(read({ ...classifier, image_size: [96, 128] }).size, { height: 96, width: 128 });
  });

  it('takes null for a default, as transformers writes it', () => {
    const nothing = { hidden_size: null, image_size: null, num_frames: null, tubelet_size: null, num_labels: null };
    const { frames, size, width, labels } = read({ ...classifier, ...nothing, qkv_bias: null, architectures: null });
    assert.deepEqual([frames, size, width, labels], [32, { height: 224, width: 224 }, 768, []]);
  });

  it('takes any number of frames where a token has one', () => {
    assert.equal(read({ model_type: 'timesformer', num_frames: 7, tubelet_size: 2 }).frames, 7);
  });

  it('has labels in the order of their numbers', () => {
    const id2label = { 10: 'k', 2: 'c', 1: 'b', 0: 'a', 3: 'd', 4: 'e', 5: 'f', 6: 'g', 7: 'h', 8: 'i', 9: 'j' };
    assert.deepEqual(read({ ...classifier, id2label }).labels, Array.from('abcdefghijk'));
  });

  it('has made-up labels where it only counts them, and two where it does not', () => {
    assert.deepEqual(read({ ...classifier, num_labels: 3 }).labels, ['LABEL_0', 'LABEL_1', 'LABEL_2']);
    assert.deepEqual(read(classifier).labels, ['LABEL_0', 'LABEL_1']);
    assert.deepEqual(read({ ...classifier, id2label: null }).labels, ['LABEL_0', 'LABEL_1']);
  });

  it('has no labels when it is self-supervised, whatever else it says', () => {
    const id2label = { 0: 'LABEL_0', 1: 'LABEL_1' };
    const config = read({ model_type: 'videomae', architectures: ['VideoMAEForPreTraining'], id2label });
    assert.deepEqual(config.labels, []);
    assert.equal(config.numbers['num_labels'], 0);
  });

  it('without architectures is a classifier when it has labels', () => {
    assert.deepEqual(read({ model_type: 'vivit', id2label: { 0: 'a' } }).labels, ['a']);
    assert.deepEqual(read({ model_type: 'vivit' }).labels, []);
  });

  for (const [config, message] of [
    [{}, /has no 'model_type'; tubelet runs vivit, timesformer, videomae/],
    [{ model_type: 'vit' }, /model_type 'vit'/],
    [{ model_type: 'videomea' }, /did you mean 'videomae'\?/],
    [{ model_type: 'vivit', num_frames: 0 }, /'num_frames' is 0 but must be a whole number from 1 to 4096/],
    [{ model_type: 'vivit', num_frames: 1e12 }, /'num_frames'/],
    [{ model_type: 'vivit', hidden_size: '768' }, /'hidden_size'/],
    [{ model_type: 'vivit', image_size: [224] }, /'image_size' is \[224\] but must be a number or \[height, width\]/],
    [{ model_type: 'vivit', image_size: [224, '224'] }, /'image_size'/],
    [{ model_type: 'vivit', image_size: 8192 }, /'image_size' is 8192/],
    [{ model_type: 'vivit', num_attention_heads: '12' }, /'num_attention_heads' is "12" but must be a whole number/],
    [
      { model_type: 'vivit', num_attention_heads: 5 },
      /'hidden_size' is 768, .* multiple of 5 \('num_attention_heads'\)/,
    ],
    [{ model_type: 'vivit', hidden_size: 100 }, /'hidden_size' is 100, which is not a multiple of 12/],
    [{ model_type: 'vivit', num_hidden_layers: 1e6 }, /'num_hidden_layers'/],
    [{ model_type: 'vivit', intermediate_size: [3072] }, /'intermediate_size' is \[3072\] but must be a whole number/],
    [{ model_type: 'vivit', num_channels: 1 }, /'num_channels' is 1 but must be 3/],
    [{ model_type: 'vivit', layer_norm_eps: '1e-6' }, /'layer_norm_eps' is "1e-6" but must be a number from 0/],
    [{ model_type: 'vivit', layer_norm_eps: 1 }, /'layer_norm_eps'/],
    [{ model_type: 'vivit', qkv_bias: 'false' }, /'qkv_bias' is "false" but must be true or false/],
    [{ model_type: 'videomae', use_mean_pooling: 1 }, /'use_mean_pooling'/],
    [{ model_type: 'videomae', qv_bias: [] }, /'qv_bias'/],
    [{ model_type: 'vivit', hidden_act: 7 }, /'hidden_act' is 7 but must be a string/],
    [{ model_type: 'timesformer', attention_type: {} }, /'attention_type'/],
    [{ model_type: 'vivit', architectures: 'VivitModel' }, /'architectures' .* must be a list of class names/],
    [{ model_type: 'vivit', num_labels: '10' }, /'num_labels' is "10"/],
    [{ ...classifier, num_labels: 0 }, /'num_labels' is 0 but must be at least 1 in a classifier/],
    [{ model_type: 'vivit', tubelet_size: 2 }, /'tubelet_size' is 2 but must be \[frames, height, width\]/],
    [{ model_type: 'vivit', tubelet_size: [2, 16] }, /'tubelet_size'/],
    [{ model_type: 'vivit', tubelet_size: [2, 16, 16, 1] }, /'tubelet_size'/],
    [{ model_type: 'vivit', num_frames: 31 }, /'num_frames' is 31, which is not a multiple of 2 \('tubelet_size'\)/],
    [{ model_type: 'vivit', image_size: 225 }, /'image_size' is 225, which is not a multiple of 16 \('tubelet_size'\)/],
    [{ model_type: 'videomae', tubelet_size: [2, 16, 16] }, /'tubelet_size' .* must be a whole number/],
    [
      { model_type: 'videomae', tubelet_size: 3 },
      /'num_frames' is 16, which is not a multiple of 3 \('tubelet_size'\)/,
    ],
    [{ model_type: 'videomae', image_size: [224, 230] }, /'image_size' is 230, .* multiple of 16 \('patch_size'\)/],
    [
      { model_type: 'timesformer', patch_size: 15 },
      /'image_size' is 224, which is not a multiple of 15 \('patch_size'\)/,
    ],
    [{ model_type: 'timesformer', patch_size: 0 }, /'patch_size' is 0 but must be a number or \[height, width\]/],
    [{ ...classifier, id2label: { 0: 'a', 2: 'c' } }, /'id2label' has 2 entries but no name for class 1/],
    [{ ...classifier, id2label: { 0: 'a', '01': 'b' } }, /no name for class 1/],
    [{ ...classifier, id2label: { 0: null } }, /no name for class 0/],
    [{ ...classifier, id2label: {} }, /'id2label' is empty/],
    [{ ...classifier, id2label: ['a', 'b'] }, /'id2label' must map class numbers to names/],
    [{ ...classifier, id2label: { 0: 'a' }, num_labels: 2 }, /'num_labels' is 2 but 'id2label' has 1 entries/],
  ] as const) {
    it(`is refused: ${JSON.stringify(config)}`, () => {
      throwsWith(() => read(config), 'MODEL_INVALID', message);
    });
  }
});
