import assert from 'node:assert/strict';
import { join } from 'node:path';

import type { NativeError } from '#lib/base/errors';
import { openCheckpoint } from '#lib/checkpoints/checkpoint';
import { nativeSpec } from '#lib/checkpoints/native-spec';
import type {
  NativeClipRequest,
  NativeInput,
  NativeModel,
  NativeModelSpec,
  NativeReadOptions,
} from '#lib/native/binding';
import { binding } from '#lib/native/runtime';
import { toNativeRead } from '#lib/options/reading';
import { toNativeSampling } from '#lib/sampling/native';

import { difference } from '../support/arrays';
import { inRoot } from '../support/paths';

const native = binding();
const video = inRoot('samples', 'pan-right.mp4');

/** Whether an error is what lib/native/binding.ts calls a NativeError, with this code. */
function coded(code: string, message = /./) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof Error);
    assert.equal((error as NativeError).code, code, error.message);
    assert.match(error.message, message);
    return true;
  };
}

/** What the type system forbids, for tests of what happens all the same. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- a cast, to what the place calls for
function untyped<T>(value: unknown): T {
  return value as T;
}

function file(path: string): NativeInput {
  return { kind: 'file', path, name: `'${path}'` };
}

const read = toNativeRead({});

function clip(frames: number, path = video): NativeClipRequest {
  const sampling = toNativeSampling({ sampling: 'spread' }, { frames, stride: null, fps: 30 });
  return { input: file(path), sampling, read };
}

describe('the native surface', function () {
  this.timeout(60_000);
  let spec: NativeModelSpec;
  let request: NativeClipRequest;
  const open: NativeModel[] = [];

  async function loaded(changes: Partial<NativeModelSpec> = {}): Promise<NativeModel> {
    const model = await native.loadModel({ ...spec, ...changes }).promise;
    open.push(model);
    return model;
  }

  before(async () => {
    spec = nativeSpec(await openCheckpoint('motion-videomae'));
    request = clip(spec.frames);
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((model) => model.dispose()));
  });

  it('has exactly the functions of lib/native/binding.ts', () => {
    const names = ['availableCpus', 'exportModel', 'loadModel', 'probe', 'programMetadata', 'readFrames', 'versions'];
    assert.deepEqual(Object.keys(native).sort(), names);
    assert.ok(native.availableCpus() >= 1);
    const { torch, libavformat, libavcodec, cpu } = native.versions();
    assert.match(torch, /^2\.13\.\d+$/);
    assert.match(libavformat, /^\d+\.\d+\.\d+$/);
    assert.match(libavcodec, /^\d+\.\d+\.\d+$/);
    assert.ok(cpu.length > 3);
  });

  describe('arguments', () => {
    const wrong: [string, () => unknown, RegExp][] = [
      ['no input', () => native.probe(untyped(undefined), read), /^input must be an object\.$/],
      ['no kind', () => native.probe(untyped({}), read), /^input\.kind must be a string\.$/],
      ['an unknown kind', () => native.probe(untyped({ kind: 'url' }), read), /^input\.kind must be one of 'file', /],
      ['an empty path', () => native.probe(file(''), read), /^input\.path must be a path\.$/],
      ['a NUL in a path', () => native.probe(file('a\0.mp4'), read), /^input\.path must be a path\.$/],
      ['a file without a name', () => native.probe(untyped({ kind: 'file', path: video }), read), /^input\.name must/],
      ['words for bytes', () => native.probe(bytes(untyped('abc')), read), /^input\.bytes must be a Uint8Array\.$/],
      ['wide bytes', () => native.probe(bytes(untyped(new Uint16Array(1))), read), /bytes must be a Uint8Array/],
      ['two channels', () => native.readFrames(frames({ channels: 2 })), /input\.channels must be 1, 3 or 4\.$/],
      ['no frames', () => native.readFrames(frames({ timestamps: [] })), /input\.data must be width x height/],
      [
        'a byte too few',
        () => native.readFrames(frames({ data: new Uint8Array(11) })),
        /input\.data must be width x h/,
      ],
      ['65536 x 65536', () => native.readFrames(frames({ width: 65536, height: 65536 })), /input\.data must be width/],
      ['a NaN time', () => native.readFrames(frames({ timestamps: [NaN] })), /input\.timestamps must be a finite/],
      ['no options', () => native.probe(file(video), untyped(undefined)), /^read must be an object\.$/],
      ['no limit', () => native.probe(file(video), reading({ limits: {} })), /^read\.limits\.bytes must be a whole/],
      ['half a stream', () => native.probe(file(video), reading({ stream: 0.5 })), /^read\.stream must be a whole/],
      [
        'an unknown matrix',
        () => native.probe(file(video), reading({ untaggedMatrix: 'bt2020' })),
        /untaggedMatrix must/,
      ],
      ['unknown damage', () => native.probe(file(video), reading({ onCorrupt: 'skip' })), /onCorrupt must be one of/],
      [
        'fewer times',
        () => native.readFrames(sampled({ mode: 'timestamps' })),
        /timestamps must be as many numbers as/,
      ],
      ['fewer indices', () => native.readFrames(sampled({ mode: 'indices' })), /indices must be as many numbers as/],
      [
        'a negative index',
        () => native.readFrames(sampled({ indices: [-1] })),
        /indices must be a whole number from 0/,
      ],
      ['no start', () => native.readFrames(sampled({ start: undefined })), /sampling\.start must be a finite number/],
      ['an endless end', () => native.readFrames(sampled({ end: Infinity })), /sampling\.end must be a finite number/],
      ['no request', () => native.readFrames(untyped(null)), /^request must be an object\.$/],
      [
        'an unknown mode',
        () => native.readFrames(sampled({ mode: 'all' })),
        /mode must be one of 'trained', 'spread', /,
      ],
      ['no frames', () => native.readFrames(sampled({ frames: 0 })), /frames must be a whole number from 1 to /],
      ['half a frame', () => native.readFrames(sampled({ frames: 1.5 })), /frames must be a whole number/],
      ['NaN frames', () => native.readFrames(sampled({ frames: NaN })), /frames must be a whole number/],
      ['no interval', () => native.readFrames(sampled({ mode: 'trained' })), /interval must be the seconds/],
      ['an endless interval', () => native.readFrames(sampled({ interval: Infinity })), /interval must be a finite/],
      [
        'a protocol without views',
        () => native.readFrames(protocol({})),
        /request\.views must be given with the sampling/,
      ],
      [
        'views without a protocol',
        () => native.readFrames(viewed({})),
        /views must be given with .* and with no other/,
      ],
      ['an unknown protocol', () => native.readFrames(protocol({ name: 'i3d' })), /protocol\.name must be one of/],
      ['no clips', () => native.readFrames(protocol({ clips: 0 })), /protocol\.clips must be a whole number from 1 to/],
      ['a stride of 0', () => native.readFrames(protocol({ stride: 0 })), /protocol\.stride must be a number above 0/],
      ['no crops', () => native.readFrames(viewed({ crops: 0 })), /views\.crops must be/],
      ['no size', () => native.readFrames({ ...clip(16), stretch: { width: 0, height: 1 } }), /stretch\.width must be/],
      ['unknown padding', () => native.readFrames(sampled({ padding: 'black' })), /padding must be one of/],
      ['no weight files', () => native.loadModel({ ...spec, weightFiles: [] }), /weightFiles must be .* at least one/],
      [
        'text in config',
        () => native.loadModel({ ...spec, config: untyped({ a: 'b' }) }),
        /spec\.config\.a must be a f/,
      ],
      [
        'an unknown format',
        () => native.loadModel({ ...spec, format: untyped('onnx') }),
        /spec\.format must be one of/,
      ],
      ['no height', () => native.loadModel({ ...spec, height: 0 }), /spec\.height must be a whole number from 1/],
      [
        'an unknown layout',
        () => native.loadModel({ ...spec, layout: untyped('THWC') }),
        /spec\.layout must be one of/,
      ],
      ['an empty program', () => native.loadModel({ ...spec, programPath: '' }), /spec\.programPath must be a path/],
      ['a number for a path', () => native.programMetadata(untyped(1)), /^path must be a string\.$/],
      ['no target', () => native.exportModel(untyped({ spec })), /^request\.path must be a string\.$/],
      ['threads below 0', () => native.loadModel({ ...spec, threads: -1 }), /spec\.threads must be a whole number/],
      ['two means', () => native.loadModel(prepared({ mean: [1, 2] })), /preprocessing\.mean must be three numbers/],
      ['a std of 0', () => native.loadModel(prepared({ std: [1, 0, 1] })), /std must be three numbers other than 0/],
    ];

    function sampled(changes: object): NativeClipRequest {
      return untyped({ ...clip(16), sampling: { ...clip(16).sampling, ...changes } });
    }
    function viewed(changes: object): NativeClipRequest {
      const views = { crops: 3, filter: 'torch', roundUp: true, average: 'logits', preprocessing: spec.preprocessing };
      return untyped({ ...clip(16), views: { ...views, ...changes } });
    }
    function protocol(changes: object): NativeClipRequest {
      return sampled({ mode: 'protocol', protocol: { name: 'vivit', clips: 4, stride: 2, fps: 30, ...changes } });
    }
    function bytes(content: Uint8Array): NativeInput {
      return { kind: 'bytes', bytes: content, name: '<bytes>' };
    }
    function frames(changes: object): NativeClipRequest {
      const two = {
        kind: 'frames',
        data: new Uint8Array(12),
        width: 2,
        height: 2,
        channels: 3,
        timestamps: [0],
        end: 1,
      };
      return untyped({ ...clip(1), input: { ...two, ...changes } });
    }
    function reading(changes: object): NativeReadOptions {
      return untyped({ ...read, ...changes });
    }
    function prepared(changes: object): NativeModelSpec {
      return untyped({ ...spec, preprocessing: { ...spec.preprocessing, ...changes } });
    }

    for (const [what, call, message] of wrong) {
      it(`${what}: INVALID_ARGUMENT that names it`, () => {
        assert.throws(call, coded('INVALID_ARGUMENT', message));
      });
    }

    it('pixels that are not floats, or do not fit their shape', async () => {
      const model = await loaded();
      const floats = new Float32Array(24);
      for (const [pixels, shape, message] of [
        [new Uint8Array(24), [2, 3, 2, 2], /pixels must be a Float32Array/],
        [floats, [2, 3, 2], /shape must be \[frames, 3, height, width\]/],
        [floats, [2, 3, 2, 3], /pixels must be as long as/],
        [floats, [65536, 65536, 65536, 65536], /pixels must be as long as/],
        [new Float32Array(0), [1, 1, 1, 1], /pixels must be as long as/],
        [floats, [2, 3, 2, 0], /shape must be a whole number from 1/],
      ] as const) {
        assert.throws(() => model.forward(untyped(pixels), untyped(shape)), coded('INVALID_ARGUMENT', message));
      }
    });

    it('an embedding that is described in the wrong way', async () => {
      const model = await loaded();
      const fine = { layer: null, pooling: 'mean', normalize: false };
      for (const [embedding, message] of [
        [null, /embedding must be an object/],
        [{ ...fine, layer: '1' }, /embedding\.layer must be a whole number/],
        [{ ...fine, layer: -1 }, /embedding\.layer must be a whole number from 0/],
        [{ pooling: 'mean', normalize: false }, /embedding\.layer must be a whole number/],
        [{ ...fine, pooling: 'max' }, /embedding\.pooling must be one of 'head', 'mean', 'cls', 'none'/],
        [{ ...fine, normalize: 1 }, /embedding\.normalize must be true or false/],
      ] as const) {
        const refused = coded('INVALID_ARGUMENT', message);
        assert.throws(() => model.run({ ...request, embedding: untyped(embedding) }), refused);
        assert.throws(() => model.forward(new Float32Array(24), [2, 3, 2, 2], untyped(embedding)), refused);
      }
    });

    it('an embedding that the model does not have', async () => {
      const model = await loaded();
      for (const [embedding, message] of [
        [{ layer: model.layers + 1, pooling: 'mean' }, /layers 0 \(the patch embedding\) to \d+, not/],
        [{ layer: 1, pooling: 'head' }, /the last layer only/],
        [{ layer: null, pooling: 'cls' }, /no CLS token/],
      ] as const) {
        const running = model.run({ ...request, embedding: { ...embedding, normalize: false } });
        await assert.rejects(running.promise, coded('INVALID_ARGUMENT', message));
      }
    });

    it('frames or pixels that the model does not take', async () => {
      const model = await loaded();
      assert.throws(() => model.run(clip(spec.frames + 1)), coded('INVALID_ARGUMENT', /takes \d+ frames/));
      await assert.rejects(
        model.forward(new Float32Array(24), [2, 3, 2, 2]).promise,
        coded('INVALID_ARGUMENT', /takes float32 pixels of shape/),
      );
    });
  });

  it('a model cannot be made by its constructor, nor its methods called on anything else', async () => {
    const model = await loaded();
    const { constructor } = untyped<{ constructor: new (argument?: unknown) => NativeModel }>(model);
    assert.throws(() => new constructor(), coded('INVALID_ARGUMENT', /made by load/));
    assert.throws(() => new constructor(model), coded('INVALID_ARGUMENT'));
    // eslint-disable-next-line @typescript-eslint/unbound-method -- that it is unbound is the point
    const { run } = model;
    for (const stranger of [{}, native, null, Object.create(model)]) {
      assert.throws(() => run.call(untyped(stranger), request), TypeError);
    }
  });

  it('errors of native work carry their code and the library’s own words', async () => {
    const text = native.probe(file(join(inRoot(), 'package.json')), read).promise;
    await assert.rejects(text, coded('NOT_A_VIDEO'));
    await assert.rejects(native.probe(file(inRoot('no such file')), read).promise, coded('FILE_NOT_FOUND'));
    await assert.rejects(native.readFrames(clip(16, inRoot())).promise, coded('READ_FAILED'));
  });

  it('threads are capped at the CPUs there are and at the work there is, and say so', async () => {
    const cpus = native.availableCpus();
    assert.equal((await loaded({ threads: 0 })).threads, 1, 'a small model has work for one');
    assert.equal((await loaded({ threads: 1 })).threads, 1);
    assert.equal((await loaded({ threads: 1000 })).threads, cpus);
  });

  describe('a model', () => {
    it('fresh: run, prepare and forward agree', async () => {
      const model = await loaded();
      assert.ok(model.weightBytes > 1e5);
      const output = await model.run(request).promise;
      const pixels = await model.prepare(request).promise;
      assert.equal(
        pixels.data.length,
        pixels.shape.reduce((product, side) => product * side),
      );
      assert.deepEqual(pixels.timestamps, output.timestamps);
      const again = await model.forward(pixels.data, pixels.shape).promise;
      assert.ok(difference(again.logits, output.logits).largest < 1e-6);
      assert.ok(Math.abs(output.scores.reduce((sum, score) => sum + score, 0) - 1) < 1e-5);
      for (const time of [output.decodeMs, output.prepareMs, output.inferMs]) assert.ok(time > 0 && time < 60_000);
    });

    it('busy: calls settle in the order they were made', async () => {
      const model = await loaded();
      const { data, shape } = await model.prepare(request).promise;
      const settled: number[] = [];
      const calls = Array.from({ length: 12 }, (_, i) =>
        (i % 3 === 0 ? model.run(request) : model.forward(data, shape)).promise.then(() => settled.push(i)),
      );
      await Promise.all(calls);
      assert.deepEqual(settled, [...calls.keys()]);
    });

    for (const maxQueue of [0, 1, 4]) {
      it(`busy: rejects with BUSY at exactly one call more than maxQueue (${maxQueue}), and goes on`, async () => {
        const model = await loaded({ maxQueue });
        const calls = Array.from({ length: maxQueue + 2 }, () => model.run(request).promise);
        const outcomes = await Promise.allSettled(calls);
        const refused = outcomes.pop();
        assert.deepEqual(new Set(outcomes.map(({ status }) => status)), new Set(['fulfilled']));
        assert.ok(refused?.status === 'rejected');
        coded('BUSY', new RegExp(`${maxQueue} calls \\(maxQueue\\).*larger maxQueue`))(refused.reason);
        await model.run(request).promise;
      });
    }

    it('busy: the caller’s pixels may change as soon as forward returns', async () => {
      const model = await loaded();
      const { data, shape } = await model.prepare(request).promise;
      const expected = await model.forward(data, shape).promise;
      const task = model.forward(data, shape);
      data.fill(NaN);
      assert.deepEqual((await task.promise).logits, expected.logits);
    });

    it('busy: dispose waits for what runs and rejects what waits', async () => {
      const model = await loaded();
      const order: string[] = [];
      const long = clip(spec.frames, inRoot('samples', 'nasa_13013.mp4'));
      const calls = Array.from({ length: 4 }, (_, i) =>
        model.run(long).promise.then(
          () => order.push(`done ${i}`),
          (error: unknown) => order.push(`${(error as NativeError).code} ${i}`),
        ),
      );
      // Once the first has begun; decoding alone takes it several times as long.
      await new Promise((resolve) => setTimeout(resolve, 25));
      await Promise.all([...calls, model.dispose().then(() => order.push('disposed'))]);
      assert.equal(order.at(-1), 'disposed');
      assert.deepEqual(order.slice(0, -1).sort(), ['DISPOSED 1', 'DISPOSED 2', 'DISPOSED 3', 'done 0']);
    });

    it('disposed: every call rejects, dispose resolves again, and what it was stays readable', async () => {
      const model = await loaded();
      const { data, shape } = await model.prepare(request).promise;
      const { threads, weightBytes } = model;
      await Promise.all([model.dispose(), model.dispose()]);
      await model.dispose();
      await assert.rejects(model.run(request).promise, coded('DISPOSED', /Load it again/));
      await assert.rejects(model.prepare(request).promise, coded('DISPOSED'));
      await assert.rejects(model.forward(data, shape).promise, coded('DISPOSED'));
      assert.deepEqual([model.threads, model.weightBytes], [threads, weightBytes]);
    });

    it('disposed: another of the same checkpoint goes on', async () => {
      const [one, two] = [await loaded(), await loaded()];
      await one.dispose();
      assert.equal((await two.run(request).promise).timestamps.length, spec.frames);
    });
  });

  describe('cancel', () => {
    it('rejects at once with CANCELLED, any number of times, and leaves others alone', async () => {
      const model = await loaded();
      const tasks = Array.from({ length: 4 }, () => model.run(request));
      tasks[2]!.cancel();
      tasks[2]!.cancel();
      await assert.rejects(tasks[2]!.promise, coded('CANCELLED'));
      tasks[0]!.cancel();
      await assert.rejects(tasks[0]!.promise, coded('CANCELLED'));
      await Promise.all([tasks[1]!.promise, tasks[3]!.promise]);
    });

    it('after the end does nothing', async () => {
      const task = native.probe(file(video), read);
      const info = await task.promise;
      task.cancel();
      assert.equal(await task.promise, info);

      const refused = native.probe(file(inRoot('no such file')), read);
      await assert.rejects(refused.promise, coded('FILE_NOT_FOUND'));
      refused.cancel();
    });

    it('of a refused call does nothing', async () => {
      const model = await loaded();
      await model.dispose();
      const task = model.run(request);
      task.cancel();
      await assert.rejects(task.promise, coded('DISPOSED'));
    });

    it('ends loading, and the next load starts afresh', async () => {
      const task = native.loadModel(spec);
      task.cancel();
      await assert.rejects(task.promise, coded('CANCELLED'));
      assert.equal((await (await loaded()).run(request).promise).timestamps.length, spec.frames);
    });

    it('frees a place in the queue at once', async () => {
      const model = await loaded({ maxQueue: 1 });
      const tasks = [model.run(request), model.run(request)];
      tasks[1]!.cancel();
      const next = model.run(request);
      await assert.rejects(tasks[1]!.promise, coded('CANCELLED'));
      await Promise.all([tasks[0]!.promise, next.promise]);
    });
  });
});
