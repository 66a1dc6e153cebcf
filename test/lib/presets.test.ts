import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import type { JsonObject } from '#lib/base/json';
import { bundledModels } from '#lib/checkpoints/locate';
import { type Preset, checkPresets, licenceOf, readPresets } from '#lib/checkpoints/presets';
import type { Family } from '#lib/sampling/family';

import { inRoot } from '../support/paths';
import { throwsWith } from '../support/rejects';

/** Width and layers of a published architecture, from its name. */
function shapeOf(name: string, family: Family): { width: number; layers: number } {
  if (name === 'motion-timesformer') return { width: 128, layers: 4 };
  if (name.startsWith('motion-')) return { width: 160, layers: 4 };
  if (name.includes('-small')) return { width: 384, layers: 12 };
  if (name.includes('-huge')) return { width: 1280, layers: 32 };
  if (name.includes('-large') && family === 'videomae') return { width: 1024, layers: 24 };
  return { width: 768, layers: 12 };
}

/** Matrix products of one view: linear layers and attention; patches are 16 x 16 pixels, and two frames deep but in TimeSformer. */
function gflopOf(name: string, { family, frames, size }: Preset): number {
  const { width, layers } = shapeOf(name, family);
  const inFrame = (size / 16) ** 2;
  const linear = (tokens: number, from: number, to: number): number => 2 * tokens * from * to;
  const attention = (sequences: number, tokens: number): number => 4 * sequences * tokens ** 2 * width;
  const deep = family === 'timesformer' ? 1 : 2;
  const patches = (frames / deep) * inFrame;
  const tokens = patches + (family === 'videomae' ? 0 : 1);
  const block =
    family === 'timesformer'
      ? linear(patches, width, 5 * width) + // over time: query, key, value, output, and one more
        attention(inFrame, frames) +
        linear(frames * (inFrame + 1), width, 4 * width) +
        attention(frames, inFrame + 1) +
        linear(tokens, width, 8 * width)
      : linear(tokens, width, 12 * width) + attention(1, tokens);
  return (linear(patches, 3 * deep * 16 ** 2, width) + layers * block) / 1e9;
}

describe('presets.json', () => {
  let json: JsonObject = {};
  before(async () => {
    json = JSON.parse(await readFile(inRoot('models', 'presets.json'), 'utf8')) as JsonObject;
  });

  /** The file with one row changed. */
  const changed = (table: string, name: string, row: unknown): JsonObject => ({
    ...json,
    [table]: { ...(json[table] as JsonObject), [name]: row },
  });
  const google = 'google/vivit-b-16x2';
  const rowOf = (name: string): JsonObject => (json['checkpoints'] as JsonObject)[name] as JsonObject;

  it('fits its schema', () => {
    const { checkpoints } = checkPresets(json);
    assert.deepEqual([...checkpoints.keys()], Object.keys(json['checkpoints'] as JsonObject));
  });

  it('is refused when a field is wrong, missing or unknown', () => {
    for (const [table, name, row, message] of [
      [
        'checkpoints',
        google,
        { ...rowOf(google), family: 'vit' },
        /'google\/vivit-b-16x2': option 'family' must be one/,
      ],
      ['checkpoints', google, { ...rowOf(google), frames: 0 }, /option 'frames' must be a whole number from 1/],
      ['checkpoints', google, { ...rowOf(google), stride: 0 }, /option 'stride' must be .*, or null, got 0/],
      ['checkpoints', google, { ...rowOf(google), mean: [0.5] }, /option 'mean' must be three numbers/],
      ['checkpoints', google, { ...rowOf(google), top1: 101 }, /option 'top1' must be a number above 0 and up to 100/],
      ['checkpoints', google, { ...rowOf(google), top_1: 1 }, /there is no option 'top_1'\. Did you mean 'top1'\?/],
      ['checkpoints', google, { ...rowOf(google), licence: 'GPL' }, /'google\/vivit-b-16x2' has the unknown licence/],
      ['checkpoints', google, { ...rowOf(google), source: undefined }, /'google\/vivit-b-16x2' has no 'source'/],
      ['checkpoints', google, 7, /options must be an object/],
      ['licences', 'MIT', { commercial: 'yes' }, /licences: 'MIT': option 'commercial' must be true or false/],
      ['families', 'vivit', {}, /families: 'vivit' has no 'stride'/],
    ] as const) {
      throwsWith(() => checkPresets(changed(table, name, row)), 'INVALID_ARGUMENT', message);
    }
    throwsWith(() => checkPresets({ ...json, checkpoints: [] }), 'INVALID_ARGUMENT', /checkpoints must be an object/);
    const familyless = { videomae: { stride: 4 }, vivit: { stride: 2 } };
    throwsWith(() => checkPresets({ ...json, families: familyless }), 'INVALID_ARGUMENT', /there is no 'timesformer'/);
  });

  it('counts the work of a view as the architecture has it', async () => {
    for (const [name, preset] of (await readPresets()).checkpoints) {
      const counted = gflopOf(name, preset);
      const rounding = counted < 10 ? 0.05 : 0.5;
      assert.ok(Math.abs(preset.gflop - counted) <= rounding, `${name}: ${preset.gflop}, counted ${counted}`);
    }
  });

  it('samples something-something evenly and everything else by its stride', async () => {
    for (const [name, { knows, stride }] of (await readPresets()).checkpoints) {
      assert.equal(stride === null, knows === 'Something-Something v2', name);
    }
  });

  it('knows every bundled model', async () => {
    const { checkpoints } = await readPresets();
    for (const name of await bundledModels()) {
      const config = JSON.parse(await readFile(inRoot('models', name, 'config.json'), 'utf8')) as JsonObject;
      const { family, frames, size, classes, top1 } = checkpoints.get(name)!;
      assert.deepEqual(
        [family, frames, size, classes],
        [config['model_type'], config['num_frames'], config['image_size'], 10],
      );
      const card = await readFile(inRoot('models', name, 'README.md'), 'utf8');
      assert.ok(card.includes(`Top-1 accuracy: **${top1?.toFixed(1) ?? ''}%**`), name);
    }
  });

  it('says what a licence allows', async () => {
    assert.deepEqual(await licenceOf('motion-vivit'), { id: 'MIT', commercial: true });
    assert.deepEqual(await licenceOf('MCG-NJU/videomae-base'), { id: 'CC-BY-NC-4.0', commercial: false });
    assert.equal(await licenceOf('somebody/else'), null);
    assert.equal(await licenceOf('constructor'), null);
  });
});
