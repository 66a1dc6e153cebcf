import assert from 'node:assert/strict';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type AdjustmentRequest, adjusted } from '#lib/checkpoints/adjust';
import { openCheckpoint } from '#lib/checkpoints/checkpoint';
import { nativeSpec } from '#lib/checkpoints/native-spec';
import { classify, load } from '#lib/index';
import type { NativeModel, NativeModelSpec, NativeRawFrames } from '#lib/native/binding';
import { toNativeRead } from '#lib/options/reading';
import { toNativeSampling } from '#lib/sampling/native';

import { nativeModel } from '../support/model';
import { inRoot } from '../support/paths';
import { rejectsWith } from '../support/rejects';
import { samples } from '../support/samples';
import { suiteFolder } from '../support/temp';

const model = 'motion-vivit';
const frames = 8;
const [clip = ''] = samples;

/** A clip of one picture, gray, `level` for each of its columns. */
function picture(side: number, level: (column: number) => number): NativeRawFrames {
  const row = Uint8Array.from({ length: side }, (_, column) => level(column));
  const data = new Uint8Array(frames * side * side);
  for (let at = 0; at < data.length; at += side) data.set(row, at);
  const timestamps = Array.from({ length: frames }, (_, index) => index / 30);
  return { kind: 'frames', data, width: side, height: side, channels: 1, timestamps, end: frames / 30 };
}

/** The first row of pixels that a model would see. */
async function firstRow(name: string, input: NativeRawFrames, adjustments: AdjustmentRequest): Promise<number[]> {
  const native = await nativeModel(name, adjustments);
  const row = await firstRowOf(native, input);
  await native.dispose();
  return row;
}

async function firstRowOf(native: NativeModel, input: NativeRawFrames): Promise<number[]> {
  const sampling = toNativeSampling({ sampling: 'consecutive' }, { frames, stride: 4, fps: 30 });
  const { data, shape } = await native.prepare({ input, sampling, read: toNativeRead({}) }).promise;
  return Array.from(data.subarray(0, shape[3]));
}

async function specOf(adjustments: AdjustmentRequest): Promise<NativeModelSpec> {
  return nativeSpec(await adjusted(await openCheckpoint(model), adjustments));
}

describe('the options of load', function () {
  this.timeout(60_000);
  const folder = suiteFolder('adjust');

  /** The bundled ViViT with a preprocessor as Google's, from -3 to 1. */
  async function asPublished(): Promise<string> {
    const copy = join(folder(), 'published');
    await cp(inRoot('models', model), copy, { recursive: true });
    const file = join(copy, 'preprocessor_config.json');
    const config = JSON.parse(await readFile(file, 'utf8')) as object;
    await writeFile(file, JSON.stringify({ ...config, do_normalize: true }));
    return copy;
  }

  it("range 'paper' is from -1 to 1, whatever the processor makes of it", async () => {
    const levels = picture(64, (column) => column * 4 + Number(column === 63) * 3);
    const published = await asPublished();
    const byLevel = (scale: (level: number) => number): number[] => Array.from(levels.data.subarray(0, 64), scale);
    for (const [name, range, scale] of [
      [published, undefined, (level: number) => (level / 127.5 - 1 - 0.5) / 0.5],
      [published, 'processor', (level: number) => (level / 127.5 - 1 - 0.5) / 0.5],
      [published, 'paper', (level: number) => level / 127.5 - 1],
      [model, 'processor', (level: number) => level / 127.5 - 1],
      [model, 'paper', (level: number) => level / 127.5 - 1],
    ] as const) {
      const seen = await firstRow(name, levels, { range });
      for (const [column, expected] of byLevel(scale).entries()) {
        assert.ok(Math.abs((seen[column] ?? NaN) - expected) < 1e-6, `${range}, column ${column}: ${seen[column]}`);
      }
    }
  });

  it("resize 'plain' looks at the nearest pixels only, 'antialias' at all", async () => {
    const side = 256;
    const level = (column: number): number => ([1, 2].includes(column % 4) ? (column * 7) % 100 : 255);
    const input = picture(side, level);
    // Column x of 64 lies at 4x + 1.5 of 256. Bilinear: a triangle about it, one pixel wide to each side, or one of 64.
    const triangle = (radius: number, x: number): number => {
      let [sum, weights] = [0, 0];
      for (let column = 0; column < side; column++) {
        const weight = Math.max(0, 1 - Math.abs(column - (4 * x + 1.5)) / radius);
        sum += weight * level(column);
        weights += weight;
      }
      return sum / weights;
    };
    for (const [resize, radius] of [
      ['plain', 1],
      ['antialias', 4],
      [undefined, 4],
    ] as const) {
      const seen = await firstRow(model, input, { resize });
      for (let x = 0; x < 64; x++) {
        const difference = Math.abs((seen[x]! + 1) * 127.5 - triangle(radius, x));
        assert.ok(difference <= 1, `${resize}, column ${x}: off by ${difference}`);
      }
    }
  });

  it('leave the weights shared, and each model its own pixels', async () => {
    const input = picture(256, (column) => (column % 4 === 0 ? 255 : 0));
    const alone = [
      await firstRow(model, input, { resize: 'antialias' }),
      await firstRow(model, input, { resize: 'plain' }),
    ];
    assert.notDeepEqual(alone[0], alone[1]);

    const [antialias, plain] = [
      await nativeModel(model, { resize: 'antialias' }),
      await nativeModel(model, { resize: 'plain' }),
    ];
    assert.deepEqual(await firstRowOf(antialias, input), alone[0]);
    assert.deepEqual(await firstRowOf(plain, input), alone[1]);
    const [one, other] = [await specOf({ resize: 'antialias' }), await specOf({ resize: 'plain', range: 'paper' })];
    assert.equal(one.key, other.key); // what the process keeps weights by: test/process/memory.test.ts measures it
    await Promise.all([antialias.dispose(), plain.dispose()]);
  });

  it('are in info', async () => {
    const labels = Array.from('abcdefghij');
    const [plain, asIs] = [
      await load(model, { labels, sampling: { stride: 2, fps: 25 }, resize: 'plain', range: 'paper' }),
      await load(model),
    ];
    assert.deepEqual(plain.info.labels, labels);
    assert.deepEqual(plain.info.sampling, { frames, stride: 2, fps: 25 });
    assert.deepEqual(plain.info.preprocessing, { resize: 'plain', range: 'paper' });
    assert.deepEqual(plain.info.licence, { id: 'MIT', commercial: true });
    assert.deepEqual(asIs.info.sampling, { frames, stride: 4, fps: 30 });
    assert.deepEqual(asIs.info.preprocessing, { resize: 'antialias', range: 'processor' });

    const [named, unnamed] = [
      await plain.classify(clip),
      await asIs.classify(clip, { sampling: { stride: 2, fps: 25 } }),
    ];
    assert.deepEqual(named.timestamps, unnamed.timestamps);
    for (const { label, index } of named.predictions) assert.equal(label, labels[index]);
    await Promise.all([plain.dispose(), asIs.dispose()]);
  });

  it('have the licence of a folder left open', async () => {
    const loaded = await load(inRoot('models', model));
    assert.equal(loaded.info.licence, null);
    await loaded.dispose();
  });

  it('labels name the classes for one call too', async () => {
    const labels = Array.from('abcdefghij');
    const file = join(folder(), 'label_map.txt');
    await writeFile(file, labels.map((label) => `${label}\n`).join(''));
    const [{ predictions: own }, { predictions: listed }, { predictions: read }] = await Promise.all([
      classify(clip, { model }),
      classify(clip, { model, labels }),
      classify(clip, { model, labels: file }),
    ]);
    assert.deepEqual(
      listed,
      own.map((prediction) => ({ ...prediction, label: labels[prediction.index] })),
    );
    assert.deepEqual(read, listed);
  });

  it('a spacing moves the frames of one call', async () => {
    const loaded = await load(model);
    const times = async (sampling: object): Promise<number[]> => (await loaded.embed(clip, { sampling })).timestamps;
    assert.deepEqual(await times({ stride: 4 }), (await loaded.embed(clip)).timestamps);
    assert.deepEqual(await times({ stride: 2, fps: 15, frames }), await times({ stride: 4, fps: 30 }));
    assert.deepEqual(await times({ stride: null }), (await loaded.embed(clip, { sampling: 'spread' })).timestamps);
    const [first = 0, second = 0] = await times({ stride: 2 });
    assert.ok(Math.abs(second - first - 2 / 30) < 1 / 24);
    await loaded.dispose();
  });

  for (const [name, options, message] of [
    [
      'motion-videomae',
      { range: 'paper' },
      /option 'range' is for ViViT, which alone has two: 'motion-videomae' is a videomae/,
    ],
    [model, { labels: ['a', 'b'] }, /'labels' has 2 entries, but 'motion-vivit' has 10 classes/],
    [model, { sampling: { frames: 16 } }, /'motion-vivit' sees clips of 8 frames, and 'sampling' asks for 16/],
    [
      model,
      { sampling: 'spread' },
      /option 'sampling' must be an object such as \{ stride: 4, fps: 30 \}, got 'spread'/,
    ],
    [model, { sampling: { stride: 0 } }, /load: sampling: option 'stride' must be a number above 0 .*, or null, got 0/],
    [model, { sampling: { strid: 2 } }, /there is no option 'strid'\. Did you mean 'stride'\?/],
    [model, { resize: 'bicubic' }, /option 'resize' must be one of 'antialias', 'plain', got 'bicubic'/],
    [model, { range: 'full' }, /option 'range' must be one of 'processor', 'paper'/],
  ] as const) {
    it(`refuse ${JSON.stringify(options)} for ${name}`, async () => {
      await rejectsWith(load(name, options as object), 'INVALID_ARGUMENT', message);
    });
  }

  it('refuse labels of another count in classify', async () => {
    const message = /'labels' has 1 entries, but 'motion-vivit' has 10/;
    await rejectsWith(classify(clip, { model, labels: ['a'] }), 'INVALID_ARGUMENT', message);
  });
});
