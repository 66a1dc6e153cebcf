import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { openCheckpoint } from '#lib/checkpoints/checkpoint';
import { type Pooling, classify, embed, load } from '#lib/index';
import type { NativeEmbedding } from '#lib/native/binding';
import { toNativeRead } from '#lib/options/reading';
import { type Family, families } from '#lib/sampling/family';
import { toNativeSampling } from '#lib/sampling/native';

import { readFloats, relativeDifference, seededPixels, writeArray } from '../support/arrays';
import { nativeModel } from '../support/model';
import { inRoot } from '../support/paths';
import { runPython } from '../support/python';
import { rejectsWith } from '../support/rejects';
import { samples } from '../support/samples';
import { suiteFolder } from '../support/temp';

/**
 * Relative, by the Euclidean norm. fp32 on both sides; what remains is the order of the sums, about 1e-6. Another layer,
 * a token in another place or a norm too many is more than `wrong`, which is tested too.
 */
const tolerance = 1e-4;
const wrong = 1e-2;

const [clip = ''] = samples;

type Layer = number | 'last';
type Shape = [frames: number, channels: number, height: number, width: number];

/** One hidden state in the forms that pooling gives it. */
type State = Partial<Record<Pooling, Float32Array>> & { mean: Float32Array; none: Float32Array };

describe('embeddings against the hidden states of transformers', function () {
  this.timeout(600_000);
  const folder = suiteFolder('embeddings');

  async function written(family: Family, ...options: string[]): Promise<string> {
    const checkpoint = join(folder(), [family, ...options].join(''));
    await runPython('test/reference/checkpoints.py', checkpoint, '--family', family, '--seed', '11', ...options);
    return checkpoint;
  }

  /** transformers' states of these pixels, and the grid of its tokens. */
  async function reference(
    checkpoint: string,
    pixels: Float32Array,
    shape: Shape,
    layers: Layer[],
  ): Promise<{ grid: number[]; states: State[] }> {
    const [file, out] = [join(folder(), 'pixels.f32'), join(folder(), 'states.f32')];
    await writeArray(file, pixels);
    const options = ['--shape', [1, ...shape].join(), '--layers', layers.join()];
    const found = await runPython('test/reference/hidden_states.py', checkpoint, file, out, ...options);
    const { grid } = found as { grid: number[] };
    const { family, width } = (await openCheckpoint(checkpoint)).config;
    const values = await readFloats(out);
    let at = 0;
    const next = (length: number): Float32Array => values.subarray(at, (at += length));
    const states = layers.map(() => ({
      mean: next(width),
      ...(family !== 'videomae' && { cls: next(width) }),
      none: next(grid.reduce((product, side) => product * side, width)),
    }));
    assert.equal(at, values.length);
    return { grid, states };
  }

  /** Compares the last hidden state and every layer, or only these and only as grids. */
  async function compare(checkpoint: string, some?: number[]): Promise<void> {
    const { family, frames, size, width } = (await openCheckpoint(checkpoint)).config;
    const shape: Shape = [frames, 3, size.height, size.width];
    const pixels = seededPixels(frames * 3 * size.height * size.width, 9);
    const model = await nativeModel(checkpoint);
    const layers = [...(some ?? Array.from({ length: model.layers + 1 }, (_, layer) => layer)), 'last' as const];
    const { grid, states } = await reference(checkpoint, pixels, shape, layers);
    const ours = async (layer: Layer, pooling: Pooling) => {
      const wanted: NativeEmbedding = { layer: layer === 'last' ? null : layer, pooling, normalize: false };
      return model.forward(pixels, shape, wanted).promise;
    };

    for (const [index, layer] of layers.entries()) {
      for (const [pooling, values] of Object.entries(states[index]!) as [Pooling, Float32Array][]) {
        if (some && pooling !== 'none') continue;
        const output = await ours(layer, pooling);
        assert.deepEqual(output.shape, pooling === 'none' ? [...grid, width] : [width]);
        assert.equal(output.logits.length, 0);
        const off = relativeDifference(output.embedding, values);
        assert.ok(off <= tolerance, `layer ${layer}, ${pooling}: differs by ${off}`);
      }
    }
    if (family !== 'videomae') {
      const off = relativeDifference((await ours('last', 'head')).embedding, states.at(-1)!.cls!);
      assert.ok(off <= tolerance, `head: differs by ${off}`);
    }
    await model.dispose();
    requireTelling(states.slice(0, -1));
  }

  /** That what is likely to be wrong would be seen: another layer, or tokens in another order. */
  function requireTelling(states: State[]): void {
    for (const [layer, { mean, cls, none }] of states.entries()) {
      const next = states[layer + 1];
      if (next) assert.ok(relativeDifference(none, next.none) > wrong, `layer ${layer} is like the next`);
      if (cls) assert.ok(relativeDifference(cls, mean) > wrong, `layer ${layer}: the CLS token is like the mean`);
      const turned = none.subarray(mean.length);
      const off = relativeDifference(turned, none.subarray(0, turned.length));
      assert.ok(off > wrong, `layer ${layer}: each token is like the next`);
    }
  }

  for (const family of families) {
    it(`${family}, tiny: every layer`, async () => compare(await written(family)));

    it(`motion-${family}: every layer`, () => compare(inRoot('models', `motion-${family}`)));

    it(`${family}, full size: the first, one in the middle and the last`, async () => {
      const checkpoint = await written(family, '--size', 'base');
      await compare(checkpoint, [0, 7]);
      await rm(checkpoint, { recursive: true });
    });
  }

  it('a VideoMAE with a final layer norm: every layer', async () => {
    await compare(await written('videomae', '--pretraining'));
  });

  it('a self-supervised checkpoint gives the mean of its last hidden state, and refuses to classify', async () => {
    const checkpoint = await written('videomae', '--pretraining', '--image-size', '64');
    await using model = await load(checkpoint);
    assert.deepEqual([model.info.labels, model.info.layers], [[], 3]);
    const refusal =
      /self-supervised checkpoint: it has no classes to choose from\. Use embed, or a checkpoint that was/;
    await rejectsWith(model.classify(clip), 'INVALID_ARGUMENT', refusal);
    await rejectsWith(classify(clip, { model: checkpoint }), 'INVALID_ARGUMENT', refusal);

    const { data, shape } = await model.embed(clip);
    assert.deepEqual(shape, [48]);
    assert.deepEqual((await embed(clip, { model: checkpoint })).data, data);
    const native = await nativeModel(checkpoint);
    const pixels = await native.prepare({
      input: { kind: 'file', path: clip, name: 'the clip' },
      sampling: toNativeSampling({}, model.info.sampling, 'videomae'),
      read: toNativeRead({}),
    }).promise;
    await native.dispose();
    const { states } = await reference(checkpoint, pixels.data, pixels.shape, ['last']);
    const off = relativeDifference(data, states[0]!.mean);
    assert.ok(off <= tolerance, `differs by ${off}`);
  });
});

describe('embeddings through the API', function () {
  this.timeout(180_000);

  it('come with their shape, a grid of them with each vector at length 1', async () => {
    for (const [family, grid] of [
      ['videomae', [4, 4, 4]],
      ['timesformer', [8, 4, 4]],
      ['vivit', [4, 4, 4]],
    ] as const) {
      await using model = await load(`motion-${family}`);
      const { width, layers } = model.info;
      assert.deepEqual((await model.embed(clip)).shape, [width]);
      assert.deepEqual((await model.embed(clip, { layer: layers })).shape, [width]);
      const plain = await model.embed(clip, { layer: 1, pooling: 'none' });
      const scaled = await model.embed(clip, { layer: 1, pooling: 'none', normalize: true });
      assert.deepEqual([plain.shape, plain.normalized], [[...grid, width], false]);
      assert.deepEqual([scaled.shape, scaled.normalized], [[...grid, width], true]);
      for (let at = 0; at < scaled.data.length; at += width) {
        const [vector, before] = [scaled, plain].map(({ data }) => data.subarray(at, at + width));
        const length = Math.hypot(...before!);
        assert.ok(length > 0 && Math.abs(Math.hypot(...vector!) - 1) < 1e-5);
        assert.ok(
          relativeDifference(
            vector!.map((value) => value * length),
            before!,
          ) < 1e-6,
        );
      }
    }
  });

  it('are the same at the top level, where the mean is what a layer gives by default', async () => {
    await using model = await load('motion-vivit');
    const top = await embed(clip, { model: 'motion-vivit', layer: 2 });
    assert.deepEqual(top.data, (await model.embed(clip, { layer: 2, pooling: 'mean' })).data);
    assert.notDeepEqual(top.data, (await model.embed(clip, { layer: 2, pooling: 'cls' })).data);
    const head = await model.embed(clip, { pooling: 'head' });
    assert.deepEqual(head.data, (await model.embed(clip)).data);
  });

  it('belong to the caller alone', async () => {
    await using model = await load('motion-vivit');
    for (const pooling of ['head', 'none'] as const) {
      const { data } = await model.embed(clip, { pooling });
      assert.equal(data.byteOffset + data.byteLength, data.buffer.byteLength);
      const copy = data.slice();
      data.fill(7);
      assert.deepEqual((await model.embed(clip, { pooling })).data, copy);
    }
    const { data } = await model.embed(clip);
    structuredClone(data, { transfer: [data.buffer as ArrayBuffer] });
    assert.equal(data.length, 0, 'a vector can be given to another thread');
  });

  it('that the model does not have are refused, with what it has', async () => {
    await using model = await load('motion-videomae');
    const { layers } = model.info;
    for (const [options, message] of [
      [{ layer: layers + 1 }, new RegExp(`layers 0 \\(the patch embedding\\) to ${layers}, and 'layer' asks for`)],
      [{ pooling: 'cls' }, /no CLS token, as no VideoMAE has: use pooling 'mean'/],
      [{ layer: 1, pooling: 'head' }, /with 'layer' use 'mean', 'cls' or 'none'/],
    ] as const) {
      for (const call of [model.embed(clip, options), embed(clip, { model: 'motion-videomae', ...options })]) {
        await rejectsWith(call, 'INVALID_ARGUMENT', message);
      }
    }
  });
});
