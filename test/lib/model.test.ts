import assert from 'node:assert/strict';
import { Readable } from 'node:stream';

import { Model } from '#lib/api/model';
import type { ModelInfo } from '#lib/models/info';
import { LoadedModel } from '#lib/models/loaded';
import type { NativeClipRequest, NativeModel, NativeOutput, NativeTask, NativeViews } from '#lib/native/binding';

import { rejectsWith } from '../support/rejects';

const output: NativeOutput = {
  logits: Float32Array.of(0, 2),
  scores: Float32Array.of(0.1, 0.9),
  embedding: Float32Array.of(3, 4),
  shape: [2],
  timestamps: [0.5, 1],
  start: 0.5,
  end: 1.5,
  repeated: false,
  tooShort: true,
  toneMapped: false,
  warnings: ['odd'],
  decodeMs: 1,
  prepareMs: 2,
  inferMs: 3,
};

const info: ModelInfo = {
  checkpoint: { name: 'fake', sha256: 'f'.repeat(64) },
  folder: '/models/fake',
  family: 'vivit',
  licence: null,
  origin: null,
  scores: 'softmax',
  labels: ['no', 'yes'],
  sampling: { frames: 2, stride: 2, fps: 30 },
  size: { height: 32, width: 32 },
  preprocessing: { resize: 'antialias', range: 'processor' },
  width: 2,
  layers: 6,
  device: 'cuda:1',
  precision: 'fp32',
  threads: 1,
  weightBytes: 100,
  milliseconds: { load: 5 },
};

const views: NativeViews = {
  crops: 3,
  filter: 'tensorflow',
  roundUp: true,
  average: 'logits',
  preprocessing: {
    resize: 'shortest-edge',
    resizeHeight: 36,
    resizeWidth: 36,
    interpolation: 'bilinear',
    antialias: true,
    cropHeight: 32,
    cropWidth: 32,
    padFrontMore: true,
    rescaleFactor: 1 / 127.5,
    offset: true,
    normalize: false,
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
  },
};

/** A native model that answers when told to. */
class FakeNative implements NativeModel {
  readonly requests: NativeClipRequest[] = [];
  readonly answers: (() => void)[] = [];
  disposals = 0;
  readonly threads = 1;
  readonly device = info.device;
  readonly precision = info.precision;
  readonly weightBytes = 100;
  readonly layers = 6;
  readonly answer = null;

  run(request: NativeClipRequest): NativeTask<NativeOutput> {
    this.requests.push(request);
    const promise = new Promise<NativeOutput>((resolve) => {
      this.answers.push(() => {
        resolve(output);
      });
    });
    return { promise, cancel: () => undefined };
  }

  runWindows(): never {
    return assert.fail('not used');
  }

  prepare(): never {
    return assert.fail('not used');
  }

  forward(): never {
    return assert.fail('not used');
  }

  fork(): never {
    return assert.fail('not used');
  }

  get queue(): never {
    return assert.fail('not used');
  }

  dispose(): Promise<void> {
    this.disposals++;
    return Promise.resolve();
  }
}

function fake(labels = info.labels): { native: FakeNative; model: Model } {
  const native = new FakeNative();
  return { native, model: new Model(new LoadedModel(native, { ...info, labels }, views)) };
}

describe('a model', () => {
  it('asks for the frames that it was trained with, or others', async () => {
    const { native, model } = fake();
    const calls = ([undefined, 'trained', 'spread', 'consecutive'] as const).map((sampling) =>
      model.embed('/a.mp4', { sampling }),
    );
    assert.deepEqual(
      native.requests.map(({ sampling }) => sampling.mode),
      ['trained', 'trained', 'spread', 'consecutive'],
    );
    assert.deepEqual(native.requests[0], {
      input: { kind: 'file', path: '/a.mp4', name: "'/a.mp4'" },
      sampling: {
        mode: 'trained',
        frames: 2,
        interval: 2 / 30,
        padding: 'loop',
        timestamps: [],
        indices: [],
        protocol: null,
        start: 0,
        end: null,
      },
      read: {
        limits: { bytes: 17179869184, pixels: 67108864, frames: 1000000, streams: 100 },
        stream: null,
        onCorrupt: 'error',
        untaggedMatrix: 'bt601',
      },
      embedding: { layer: null, pooling: 'head', normalize: false },
      stretch: undefined,
      views: undefined,
    });
    for (const answer of native.answers) answer();
    await Promise.all(calls);
    await model.dispose();
  });

  it("is shown the views of its family's protocol when asked", async () => {
    const { native, model } = fake();
    const calls = [model.classify('/a.mp4', { sampling: 'paper' }), model.embed('/a.mp4', { sampling: 'paper' })];
    for (const request of native.requests) {
      assert.equal(request.sampling.mode, 'protocol');
      assert.deepEqual(request.sampling.protocol, { name: 'vivit', clips: 4, stride: 2, fps: 30 });
      assert.deepEqual(request.views, views);
    }
    for (const answer of native.answers) answer();
    for (const result of await Promise.all(calls)) assert.deepEqual(result.views, { clips: 4, crops: 3 });
    await model.dispose();
  });

  it('averages sigmoids, or logits, where each class has a score by itself', async () => {
    for (const [average, expected] of [
      ['scores', 'sigmoids'],
      ['logits', 'logits'],
      ['sum-of-logits', 'logits'],
    ] as const) {
      const native = new FakeNative();
      const model = new Model(new LoadedModel(native, info, { ...views, average }));
      const call = model.classify('/a.mp4', { sampling: 'paper', scores: 'sigmoid' });
      assert.equal(native.requests[0]?.views?.average, expected);
      native.answers[0]?.();
      await call;
    }
  });

  it('is shown the first frames, stretched, by the recipe of the tutorials', async () => {
    const { native, model } = fake();
    const call = model.classify('/a.mp4', { recipe: 'tutorial' });
    const [request] = native.requests;
    assert.deepEqual([request?.sampling.mode, request?.stretch], ['consecutive', { width: 480, height: 480 }]);
    native.answers[0]?.();
    assert.equal((await call).views, undefined);
    for (const sampling of ['paper', 'consecutive', { indices: [0, 1] }] as const) {
      const message = /^embed: the recipe 'tutorial' chooses the frames itself: leave 'sampling' out/;
      await rejectsWith(model.embed('/a.mp4', { recipe: 'tutorial', sampling }), 'INVALID_ARGUMENT', message);
    }
    await model.dispose();
  });

  it('says what was found and what was really done', async () => {
    const { native, model } = fake();
    const result = model.classify('/a.mp4');
    native.answers[0]?.();
    assert.deepEqual(await result, {
      predictions: [
        { label: 'yes', index: 1, score: output.scores[1] },
        { label: 'no', index: 0, score: output.scores[0] },
      ],
      scores: 'softmax',
      timestamps: [0.5, 1],
      clip: { start: 0.5, end: 1.5 },
      repeated: false,
      tooShort: true,
      toneMapped: false,
      warnings: ['odd'],
      checkpoint: info.checkpoint,
      device: 'cuda:1',
      precision: 'fp32',
      milliseconds: { decode: 1, prepare: 2, infer: 3 },
    });
  });

  it('gives logits on request', async () => {
    const { native, model } = fake();
    const classified = model.classify('/a.mp4', { logits: true, topK: 1 });
    for (const answer of native.answers) answer();
    assert.equal(native.requests[0]?.embedding, undefined);
    assert.deepEqual((await classified).logits, output.logits);
    assert.equal((await classified).predictions.length, 1);
  });

  it('asks for the vector that the head sees, or another', async () => {
    const { native, model } = fake();
    const calls = (
      [{}, { normalize: true }, { layer: 0 }, { layer: 6, pooling: 'cls' }, { pooling: 'none' }] as const
    ).map((options) => model.embed('/a.mp4', options));
    for (const answer of native.answers) answer();
    assert.deepEqual(
      native.requests.map(({ embedding }) => embedding),
      [
        { layer: null, pooling: 'head', normalize: false },
        { layer: null, pooling: 'head', normalize: true },
        { layer: 0, pooling: 'mean', normalize: false },
        { layer: 6, pooling: 'cls', normalize: false },
        { layer: null, pooling: 'none', normalize: false },
      ],
    );
    const results = await Promise.all(calls);
    assert.deepEqual(
      results.map(({ data, shape }) => [data, shape]),
      results.map(() => [output.embedding, output.shape]),
    );
    assert.deepEqual(
      results.map(({ normalized }) => normalized),
      [false, true, false, false, false],
    );
  });

  it('refuses layers and pooling that it does not have, without starting anything', async () => {
    const { native, model } = fake();
    for (const [options, message] of [
      [{ layer: 7 }, /'fake' has the layers 0 \(the patch embedding\) to 6, and 'layer' asks for 7/],
      [{ layer: -1 }, /'layer' must be a whole number from 0 to 1024, got -1/],
      [{ layer: 1.5 }, /'layer' must be a whole number/],
      [
        { layer: 1, pooling: 'head' },
        /pooling 'head' is of what the head sees: with 'layer' use 'mean', 'cls' or 'none'/,
      ],
      [{ pooling: 'max' as 'mean' }, /'pooling' must be one of 'head', 'mean', 'cls', 'none', got 'max'/],
    ] as const) {
      await rejectsWith(model.embed('/a.mp4', options), 'INVALID_ARGUMENT', message);
    }
    const videomae = new Model(new LoadedModel(native, { ...info, family: 'videomae' }, views));
    const cls = videomae.embed('/a.mp4', { pooling: 'cls' });
    await rejectsWith(cls, 'INVALID_ARGUMENT', /'fake' has no CLS token, as no VideoMAE has: use pooling 'mean'/);
    assert.equal(native.requests.length, 0);
  });

  it('starts calls in the order in which they are made, before anything is awaited', async () => {
    const { native, model } = fake();
    const calls = [
      model.classify('/1.mp4'),
      model.embed(Buffer.from('2'), { signal: new AbortController().signal }),
      model.classify({ data: new Uint8Array(3), width: 1, height: 1 }),
      model.classify('/4.mp4'),
    ];
    assert.deepEqual(
      native.requests.map(({ input }) => input.kind),
      ['file', 'bytes', 'frames', 'file'],
    );
    for (const answer of native.answers) answer();
    await Promise.all(calls);
  });

  it('refuses to classify without classes, and embeds all the same', async () => {
    const { native, model } = fake([]);
    await rejectsWith(
      model.classify('/a.mp4'),
      'INVALID_ARGUMENT',
      /'fake' is a self-supervised checkpoint.*Use embed/,
    );
    const embedded = model.embed('/a.mp4');
    native.answers[0]?.();
    assert.deepEqual((await embedded).data, output.embedding);
  });

  it('takes a list of frames that is as long as its clips, and no other', async () => {
    const { native, model } = fake();
    const listed = [{ timestamps: [0.5, 0.25] }, { indices: [7, 7] }] as const;
    const calls = listed.map((sampling) => model.embed('/a.mp4', { sampling, start: 0.25, end: 9 }));
    const [times, numbers] = native.requests.map(({ sampling }) => sampling);
    assert.deepEqual([times?.mode, times?.frames, times?.timestamps], ['timestamps', 2, [0.5, 0.25]]);
    assert.deepEqual([numbers?.mode, numbers?.indices, numbers?.interval], ['indices', [7, 7], 0]);
    assert.deepEqual([numbers?.start, numbers?.end], [0.25, 9]);
    for (const answer of native.answers) answer();
    await Promise.all(calls);
    const wrong = { sampling: { indices: [1, 2, 3] } };
    await rejectsWith(
      model.classify('/a.mp4', wrong),
      'INVALID_ARGUMENT',
      /clips of 2 frames, and 'sampling' asks for 3/,
    );
  });

  it('refuses wrong arguments without starting anything', async () => {
    const { native, model } = fake();
    await rejectsWith(model.classify('/a.mp4', { topK: 0 }), 'INVALID_ARGUMENT', /'topK'/);
    await rejectsWith(model.embed(''), 'INVALID_ARGUMENT', /empty string/);
    const options = { model: 'another' } as object;
    await rejectsWith(model.classify('/a.mp4', options), 'INVALID_ARGUMENT', /there is no option 'model'/);
    assert.equal(native.requests.length, 0);
  });

  it('does nothing after its disposal but say what it was', async () => {
    const { native, model } = fake();
    await model.dispose();
    await model.dispose();
    await model[Symbol.asyncDispose]();
    assert.equal(native.disposals, 1);
    await rejectsWith(model.classify('/a.mp4'), 'DISPOSED', /'fake' was disposed: load it again/);
    await rejectsWith(model.embed('/a.mp4'), 'DISPOSED', /was disposed/);
    const stream = new Readable({ read: () => assert.fail('read in vain') });
    await rejectsWith(model.embed(stream), 'DISPOSED', /was disposed/);
    assert.ok(!stream.destroyed);
    assert.equal(native.requests.length, 0);
    assert.deepEqual(model.info, info);
  });

  it('hands out copies of what it is', () => {
    const { model } = fake();
    model.info.labels.push('maybe');
    assert.deepEqual(model.info.labels, ['no', 'yes']);
  });
});
