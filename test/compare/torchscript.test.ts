import assert from 'node:assert/strict';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { openCheckpoint } from '#lib/checkpoints/checkpoint';
import { nativeSpec } from '#lib/checkpoints/native-spec';
import { type ProgramRequest, openProgram } from '#lib/checkpoints/program';
import { type LoadOptions, exportModel, load } from '#lib/index';
import { binding } from '#lib/native/runtime';
import { families } from '#lib/sampling/family';

import { difference, readFloats, seededPixels, writeArray } from '../support/arrays';
import { nativeModel } from '../support/model';
import { inRoot } from '../support/paths';
import { runPython } from '../support/python';
import { rejectsWith } from '../support/rejects';
import { samples } from '../support/samples';
import { suiteFolder } from '../support/temp';

const [clip = ''] = samples;
const script = 'test/reference/torchscript.py';

/** The same program and the same weights; tubelet has packed them, so that some sums are in another order. */
const exportTolerance = 1e-5;

/** The same program on the same LibTorch, once without and once with its optimisations. */
const traceTolerance = 1e-5;

type Shape = [frames: number, channels: number, height: number, width: number];

/** What PyTorch alone makes of a file: all that it returned one after the other, and its tubelet.json. */
async function runInPython(
  file: string,
  pixels: Float32Array,
  shape: readonly number[],
  folder: string,
): Promise<{ numbers: Float32Array; metadata: unknown }> {
  const [input, output] = [await writeArray(join(folder, 'pixels.f32'), pixels), join(folder, 'out.f32')];
  const metadata = await runPython(script, 'run', file, input, '--shape', shape.join(), output);
  return { numbers: await readFloats(output), metadata };
}

describe('exports against PyTorch and the checkpoints they were made of', function () {
  this.timeout(300_000);
  const folder = suiteFolder('export');

  /** Both halves of the promise: the file in Python, and the file in tubelet. */
  async function compare(checkpoint: string): Promise<void> {
    const file = join(folder(), 'export.pt');
    const { checkpoint: identity, bytes } = await exportModel(checkpoint, file, { overwrite: true });
    assert.equal((await readFile(file)).length, bytes);

    const { frames, size, labels } = (await openCheckpoint(checkpoint)).config;
    const shape: Shape = [frames, 3, size.height, size.width];
    const pixels = seededPixels(frames * 3 * size.height * size.width, 11);
    const [original, exported] = [
      await nativeModel(checkpoint),
      await binding().loadModel(nativeSpec(await openProgram(file, { trust: true }))).promise,
    ];
    try {
      const [theirs, ours] = [
        await original.forward(pixels, shape).promise,
        await exported.forward(pixels, shape).promise,
      ];
      assert.deepEqual(ours.logits, theirs.logits);
      assert.deepEqual(ours.embedding, theirs.embedding);
      const { numbers, metadata } = await runInPython(file, pixels, [1, ...shape], folder());
      const all = Float32Array.of(...theirs.logits, ...theirs.embedding);
      const off = difference(numbers, all).largest;
      assert.ok(off <= exportTolerance, `differs by ${off} in Python`);
      const said = metadata as { labels: string[]; checkpoint: { sha256: string } };
      assert.deepEqual(said.labels, labels);
      assert.equal(said.checkpoint.sha256, identity.sha256);
    } finally {
      await Promise.all([original.dispose(), exported.dispose()]);
    }
  }

  for (const family of families) {
    it(`motion-${family}`, () => compare(`motion-${family}`));

    it(`${family} with seeded weights, from a .bin`, async () => {
      const checkpoint = join(folder(), family);
      await runPython('test/reference/checkpoints.py', checkpoint, '--family', family, '--format', 'bin');
      await compare(checkpoint);
    });
  }

  it('a self-supervised VideoMAE, which has an embedding alone', async () => {
    const checkpoint = join(folder(), 'pretraining');
    await runPython('test/reference/checkpoints.py', checkpoint, '--family', 'videomae', '--pretraining');
    await compare(checkpoint);
    const model = await load(join(folder(), 'export.pt'), { trust: true });
    await rejectsWith(model.classify(clip), 'INVALID_ARGUMENT', /is a self-supervised checkpoint/);
    assert.equal((await model.embed(clip)).data.length, model.info.width);
    await model.dispose();
  });

  it('at full size', async () => {
    const checkpoint = join(folder(), 'base');
    await runPython('test/reference/checkpoints.py', checkpoint, '--family', 'timesformer', '--size', 'base');
    await compare(checkpoint);
  });
});

describe("somebody else's TorchScript files", function () {
  this.timeout(300_000);
  const folder = suiteFolder('torchscript');
  const checkpoint = inRoot('models', 'motion-videomae');
  const shape: Shape = [8, 3, 64, 64];
  const usual = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
  const known: LoadOptions & ProgramRequest = { trust: true, frames: 8, size: 64, ...usual };
  const file = (name: string): string => join(folder(), `${name}.pt`);

  before('traces and scripts', () => runPython(script, 'make', folder(), checkpoint));

  /** Logits of a file in tubelet and in PyTorch. */
  async function compare(name: string, options: ProgramRequest, axes: readonly number[]): Promise<Float32Array> {
    const pixels = seededPixels(8 * 3 * 64 * 64, 5);
    const spec = nativeSpec(await openProgram(file(name), options));
    const model = await binding().loadModel(spec).promise;
    const { logits, embedding } = await model.forward(pixels, shape).promise;
    await model.dispose();
    const transposed = axes[1] === 3 ? framesLast(pixels) : pixels;
    const { numbers } = await runInPython(file(name), transposed, axes, folder());
    const ours = Float32Array.of(...logits, ...embedding);
    const off = difference(ours, numbers).largest;
    assert.ok(off <= traceTolerance, `${name} differs by ${off}`);
    return logits;
  }

  /** [8, 3, 64, 64] as [3, 8, 64, 64]. */
  function framesLast(pixels: Float32Array): Float32Array {
    const plane = 64 * 64;
    const result = new Float32Array(pixels.length);
    for (let frame = 0; frame < 8; frame++) {
      for (let channel = 0; channel < 3; channel++) {
        const from = (frame * 3 + channel) * plane;
        result.set(pixels.subarray(from, from + plane), (channel * 8 + frame) * plane);
      }
    }
    return result;
  }

  for (const name of ['tensor', 'tuple', 'dict', 'embedding', 'pooler', 'half', 'scripted']) {
    it(`${name}: what PyTorch makes of it`, async () => {
      await compare(name, known, [1, ...shape]);
    });
  }

  it('cthw: the same logits as the other order of the axes', async () => {
    const turned = await compare('cthw', { ...known, layout: 'CTHW' }, [1, 3, 8, 64, 64]);
    const straight = await compare('tensor', known, [1, ...shape]);
    assert.ok(difference(turned, straight).largest <= traceTolerance);
  });

  it('classify as the checkpoint that they were traced from', async () => {
    const [traced, original] = [await load(file('metadata'), { trust: true }), await load(checkpoint)];
    try {
      assert.deepEqual(traced.info.labels, original.info.labels);
      assert.deepEqual(traced.info.sampling, { frames: 8, stride: 2, fps: 25 });
      const { family, origin, licence, width, size, device } = traced.info;
      assert.deepEqual({ family, origin, licence, width }, { family: null, origin: null, licence: null, width: 0 });
      assert.deepEqual([size, device], [original.info.size, 'cpu']);
      const sampling = { stride: 2, fps: 25 };
      const ours = await traced.classify(clip, { logits: true });
      const theirs = await original.classify(clip, { logits: true, sampling });
      assert.deepEqual(ours.timestamps, theirs.timestamps);
      assert.ok(difference(ours.logits ?? [], theirs.logits ?? []).largest < 1e-4);
      assert.equal(ours.predictions[0]?.label, theirs.predictions[0]?.label);
      assert.equal(ours.checkpoint.name, file('metadata'));
      assert.match(ours.checkpoint.sha256, /^[0-9a-f]{64}$/);
    } finally {
      await Promise.all([traced.dispose(), original.dispose()]);
    }
  });

  it('are spread over the whole video, and their classes numbered, when nothing else is said', async () => {
    const model = await load(file('tensor'), known);
    assert.equal(model.info.labels[3], 'LABEL_3');
    assert.deepEqual(model.info.sampling, { frames: 8, stride: null, fps: 30 });
    const spread = await model.classify(clip, { sampling: 'spread', logits: true });
    assert.deepEqual((await model.classify(clip, { logits: true })).logits, spread.logits);
    await model.dispose();
  });

  it('take labels and sampling as options, counted', async () => {
    const labels = Array.from({ length: 10 }, (_, index) => `class ${index}`);
    const model = await load(file('metadata'), { trust: true, labels, sampling: { stride: 1 } });
    assert.deepEqual(model.info.labels, labels);
    assert.deepEqual(model.info.sampling, { frames: 8, stride: 1, fps: 25 });
    await model.dispose();
    const two = { ...known, labels: ['a', 'b'] };
    await rejectsWith(load(file('tensor'), two), 'INVALID_ARGUMENT', /'labels' has 2 entries, but .* has 10 classes/);
  });

  it('embed when the program returns an embedding, and else say so', async () => {
    for (const [name, width] of [
      ['embedding', 160],
      ['pooler', 160],
      ['scripted', 3],
    ] as const) {
      const model = await load(file(name), known);
      assert.equal(model.info.width, width);
      assert.equal((await model.embed(clip, { normalize: true })).data.length, width);
      await model.dispose();
    }
    const model = await load(file('tuple'), known);
    await rejectsWith(model.embed(clip), 'INVALID_ARGUMENT', /returns no embedding.*second of a tuple/);
    await model.dispose();
    await rejectsWith(model.classify(clip), 'DISPOSED', /was disposed/);
  });

  it('know nothing of layers, published tests and other precisions', async () => {
    const model = await load(file('embedding'), { ...known, precision: 'auto' });
    assert.deepEqual([model.info.precision, model.info.layers], ['fp32', 0]);
    for (const options of [{ layer: 0 }, { pooling: 'mean' }, { pooling: 'none' }] as const) {
      await rejectsWith(model.embed(clip, options), 'INVALID_ARGUMENT', /which gives its one embedding and no layers/);
    }
    assert.equal((await model.embed(clip, { pooling: 'head' })).data.length, 160);
    await rejectsWith(model.classify(clip, { sampling: 'paper' }), 'INVALID_ARGUMENT', /no test protocol is known/);
    await model.dispose();
    const bf16 = { ...known, precision: 'bf16' } as const;
    await rejectsWith(
      load(file('tensor'), bf16),
      'INVALID_ARGUMENT',
      /precision it was saved in\. Leave out 'precision'/,
    );
    await rejectsWith(load(file('tensor'), { ...known, range: 'paper' }), 'INVALID_ARGUMENT', /use 'mean' and 'std'/);
  });

  for (const [name, message] of [
    ['flat', /returned a tensor of type Float and shape \[3\]\. It must return logits: .* \[1, classes\]/],
    ['frames', /returned a tensor of type Float and shape \[1, 8, 3\]/],
    ['int', /returned a tensor of type Long and shape \[1, 3\]/],
    ['nan', /returned logits that are not finite/],
    ['tuple', /returned a tuple of 2, the first of them a tensor of type Float and shape \[3\]/],
    ['keys', /returned a dict with the keys scores/],
    ['raises', /failed on pixels of shape \[1, 8, 3, 64, 64\] \(.*not today/],
    ['two-tensors', /must take one tensor, .*forward\(.*Tensor pixels, Tensor mask\)/],
    ['no-tensor', /failed on pixels/],
    ['no-forward', /has no method 'forward'/],
    ['operator', /LibTorch cannot load this program\..* operators of another library/],
    ['weights', /is a PyTorch archive without a TorchScript program\. Weights .* pytorch_model\.bin/],
    ['pickle', /is a pickle, as torch\.save wrote it before PyTorch 1\.6/],
  ] as const) {
    it(`are refused when they are loaded: ${name}`, () =>
      rejectsWith(load(file(`wrong-${name}`), known), 'MODEL_INVALID', message));
  }

  it('are refused when they take another shape than was said', async () => {
    for (const options of [{ frames: 4 }, { size: 32 }, { layout: 'CTHW' }] as const) {
      await rejectsWith(load(file('tensor'), { ...known, ...options }), 'MODEL_INVALID', /failed on pixels of shape/);
    }
  });

  it('are refused when they are cut short, overwritten or something else', async () => {
    const whole = await readFile(file('tensor'));
    const wrong: [content: Buffer, message: RegExp][] = [
      [Buffer.alloc(0), /has 0 bytes, too few for a TorchScript file/],
      [Buffer.from('PK\u0003'), /too few/],
      [Buffer.from('not an archive'), /is not a TorchScript file: it does not start like the archive torch\.jit\.save/],
      [whole.subarray(0, whole.length / 2), /damaged/],
      [whole.subarray(0, -1), /damaged/],
      [Buffer.concat([whole.subarray(0, 64), Buffer.alloc(whole.length - 64)]), /damaged/],
    ];
    const broken = file('broken');
    for (const [content, message] of wrong) {
      await writeFile(broken, content);
      await rejectsWith(load(broken, known), 'MODEL_INVALID', message);
    }
  });

  it('are not even opened unless they are trusted', async () => {
    const path = file('wrong-writes');
    const left = async (): Promise<string[]> => (await readdir(folder())).filter((name) => name.startsWith('written'));
    const { message } = await rejectsWith(load(path), 'UNTRUSTED_MODEL', /is a program: to load it is to run/);
    assert.match(message, /\{ trust: true \}\), or --trust/);
    await rejectsWith(load(path, { ...known, trust: false }), 'UNTRUSTED_MODEL', /Nothing of it has been read/);
    assert.deepEqual(await left(), []);
    // What trust means: this one writes a file when it is loaded, and another when it runs.
    await (await load(path, known)).dispose();
    assert.deepEqual((await left()).sort(), ['written.loaded', 'written.run']);
  });
});
