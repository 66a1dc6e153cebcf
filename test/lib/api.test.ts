import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

import {
  type LoadOptions,
  type Model,
  TubeletError,
  type TubeletErrorCode,
  classify,
  embed,
  load,
  probe,
  readFrames,
} from '#lib/index';
import { families } from '#lib/sampling/family';

import { relativeDifference } from '../support/arrays';
import { inRoot } from '../support/paths';
import { rejectsWith } from '../support/rejects';
import { samples } from '../support/samples';
import { suiteFolder } from '../support/temp';

const model = 'motion-vivit';
const [clip = ''] = samples;

describe('the API', function () {
  this.timeout(180_000);
  const folder = suiteFolder('api');

  for (const name of families.map((family) => `motion-${family}`)) {
    it(`${name} classifies and embeds every sample`, async () => {
      const loaded = await load(name);
      const { info } = loaded;
      assert.equal(info.checkpoint.name, name);
      assert.match(info.checkpoint.sha256, /^[0-9a-f]{64}$/);
      for (const video of samples) {
        const classified = await loaded.classify(video, { topK: 3, logits: true });
        assert.equal(classified.predictions.length, 3);
        for (const { label, index, score } of classified.predictions) {
          assert.equal(label, info.labels[index]);
          assert.ok(score >= 0 && score <= 1);
        }
        assert.equal(classified.logits?.length, info.labels.length);
        assert.equal(classified.timestamps.length, info.sampling.frames);
        assert.deepEqual(classified.checkpoint, info.checkpoint);
        const { clip: span, timestamps, milliseconds } = classified;
        assert.ok(span.start === timestamps[0] && span.end > (timestamps.at(-1) ?? Infinity), basename(video));
        for (const time of Object.values(milliseconds)) assert.ok(time > 0 && time < 60_000);

        const embedded = await loaded.embed(video, { normalize: true });
        assert.equal(embedded.data.length, info.width);
        assert.ok(Math.abs(Math.hypot(...embedded.data) - 1) < 1e-5);
        assert.deepEqual(embedded.timestamps, timestamps);
      }
      await loaded.dispose();
    });
  }

  it('answers the same whichever way it is asked', async () => {
    const loaded = await load(model);
    const path = await load(inRoot('models', model));
    const [top, own, byPath] = await Promise.all([
      classify(clip, { model, logits: true }),
      loaded.classify(clip, { logits: true }),
      path.classify(clip, { logits: true }),
    ]);
    assert.deepEqual(top.logits, own.logits);
    assert.deepEqual(top.logits, byPath.logits);
    assert.equal(byPath.checkpoint.name, inRoot('models', model));
    assert.equal(byPath.checkpoint.sha256, own.checkpoint.sha256);
    await Promise.all([loaded.dispose(), path.dispose()]);
  });

  it('samples as asked', async () => {
    const times = async (sampling: 'trained' | 'spread' | 'consecutive'): Promise<number[]> =>
      (await embed(clip, { model, sampling })).timestamps;
    const { duration } = await probe(clip);
    const span = (all: number[]): number => (all.at(-1) ?? NaN) - (all[0] ?? NaN);
    const [trained, spread, consecutive] = [await times('trained'), await times('spread'), await times('consecutive')];
    assert.equal(consecutive[0], 0);
    assert.ok(span(spread) > 0.7 * (duration ?? NaN), 'spread reaches over the video');
    assert.ok(span(consecutive) < span(trained) + 1e-9 && span(trained) < span(spread));
    assert.deepEqual((await readFrames(clip, { model })).timestamps, trained);
    assert.deepEqual((await readFrames(clip, { model, sampling: 'spread' })).timestamps, spread);
  });

  it('runs the published test of each family, and reads no more than it takes', async () => {
    const [nasa = ''] = samples.filter((name) => name.endsWith('nasa_13013.mp4'));
    const limits = { frames: 100 }; // of 390
    const paper = { sampling: 'paper', limits } as const;
    // TimeSformer's only clip ends after a second; the clips of the others reach over the whole video.
    const { views, timestamps } = await classify(nasa, { model: 'motion-timesformer', ...paper });
    assert.deepEqual(views, { clips: 1, crops: 3 });
    assert.ok((timestamps.at(-1) ?? NaN) < 1.1);
    await rejectsWith(classify(nasa, { model: 'motion-videomae', ...paper }), 'LIMIT_EXCEEDED', /100/);

    await using vivit = await load('motion-vivit');
    const all = await vivit.embed(nasa, { sampling: 'paper' });
    assert.deepEqual(all.views, { clips: 4, crops: 3 });
    assert.ok((all.timestamps.at(-1) ?? NaN) > 12);
    const grid = await vivit.embed(nasa, { sampling: 'paper', pooling: 'none' });
    const mean = await vivit.embed(nasa, { sampling: 'paper', pooling: 'mean' });
    const places = grid.data.length / vivit.info.width;
    const middle = mean.data.map((_, i) => {
      let sum = 0;
      for (let place = 0; place < places; place++) sum += grid.data[place * mean.data.length + i] ?? NaN;
      return sum / places;
    });
    assert.ok(relativeDifference(middle, mean.data) < 1e-5, 'the mean over views and that over places go together');
    await using evenly = await load('motion-vivit', { sampling: { stride: null } });
    const refused = evenly.classify(nasa, { sampling: 'paper' });
    await rejectsWith(refused, 'INVALID_ARGUMENT', /no published test protocol for vivit with frames spread evenly/);
  });

  it("makes of the published test what 'resize' and 'range' say, when they are said", async () => {
    // The bundled ViViT with a preprocessor as Google's, from -3 to 1.
    const google = join(folder(), 'google');
    await cp(inRoot('models', model), google, { recursive: true });
    const file = join(google, 'preprocessor_config.json');
    const config = JSON.parse(await readFile(file, 'utf8')) as object;
    await writeFile(file, JSON.stringify({ ...config, do_normalize: true }));

    const logits = async (name: string, options: LoadOptions): Promise<Float32Array | undefined> => {
      await using loaded = await load(name, options);
      return (await loaded.classify(clip, { sampling: 'paper', logits: true })).logits;
    };
    const asPaper = await logits(google, {});
    assert.deepEqual(await logits(model, {}), asPaper); // its processor gives the paper's range
    assert.deepEqual(await logits(google, { resize: 'plain', range: 'paper' }), asPaper);
    assert.notDeepEqual(await logits(google, { range: 'processor' }), asPaper);
    assert.notDeepEqual(await logits(google, { resize: 'antialias' }), asPaper);
  });

  it('reads frames at the size of the video', async () => {
    for (const video of samples) {
      const { width, height } = await probe(video);
      const { data, shape, timestamps, milliseconds } = await readFrames(video, { frames: 4 });
      assert.deepEqual(shape, [4, height, width, 3]);
      assert.equal(data.length, 4 * height * width * 3);
      assert.equal(timestamps.length, 4);
      assert.ok(new Set(data).size > 10, `${basename(video)} has a picture`);
      assert.ok(milliseconds.decode > 0);
    }
    const { timestamps } = await readFrames(clip);
    assert.equal(timestamps.length, 16);
  });

  it('spaces frames by stride and fps', async () => {
    const spacing = async (stride: number, fps: number): Promise<number> => {
      const { timestamps } = await readFrames(clip, { frames: 2, stride, fps });
      return (timestamps[1] ?? NaN) - (timestamps[0] ?? NaN);
    };
    const { fps } = await probe(clip);
    const frame = 1 / (fps ?? NaN);
    assert.ok(Math.abs((await spacing(10, 30)) - 10 / 30) <= frame);
    assert.ok(Math.abs((await spacing(10, 15)) - 10 / 15) <= frame);
  });

  it('reads exact frames, in the order in which they are listed', async () => {
    const { data, timestamps: all, shape } = await readFrames(clip, { sampling: 'consecutive', frames: 30 });
    const frameBytes = shape[1] * shape[2] * 3;
    const frame = (index: number): Uint8Array => data.subarray(index * frameBytes, (index + 1) * frameBytes);
    const wanted = [17, 3, 3, 9];
    for (const sampling of [
      { indices: wanted },
      { timestamps: wanted.map((index) => all[index]!) },
      { timestamps: wanted.map((index) => (all[index]! + all[index + 1]!) / 2) },
    ]) {
      const read = await readFrames(clip, { sampling });
      assert.deepEqual(
        read.timestamps,
        wanted.map((index) => all[index]),
      );
      for (const [slot, index] of wanted.entries()) {
        const bytes = read.data.subarray(slot * frameBytes, (slot + 1) * frameBytes);
        assert.ok(Buffer.compare(bytes, frame(index)) === 0, `frame ${index}`);
      }
    }
    const { sampling } = (await load(model)).info;
    const indices = Array.from({ length: sampling.frames }, (_, index) => index);
    const listed = await classify(clip, { model, logits: true, sampling: { indices } });
    const first = await classify(clip, { model, logits: true, sampling: 'consecutive' });
    assert.deepEqual(listed.logits, first.logits);
  });

  it('reads a part', async () => {
    const { timestamps: all } = await readFrames(clip, { sampling: 'consecutive', frames: 30 });
    const [start, end] = [all[10]!, all[20]!];
    const part = await readFrames(clip, { sampling: 'consecutive', frames: 10, start, end });
    assert.deepEqual(part.timestamps, all.slice(10, 20));
    assert.equal(part.tooShort, false);
    const short = await embed(clip, { model, sampling: 'consecutive', start, end: all[12]! });
    assert.deepEqual([short.tooShort, short.clip.start, short.clip.end], [true, start, all[12]]);
  });

  it('says what is not there', async () => {
    for (const options of [
      { sampling: { timestamps: [1e6] } },
      { sampling: { indices: [1e6] } },
      { start: 1e6 },
      { start: 2, end: 1 },
      { stream: 7 },
      { sampling: { timestamps: [0.1] }, start: 1 },
    ]) {
      const error = await rejectsWith(readFrames(clip, options), 'INVALID_ARGUMENT', /./);
      assert.match(error.stack?.split('\n    at ')[1] ?? '', /api\.test/);
    }
    const listed = { sampling: { timestamps: [0] }, model };
    await rejectsWith(classify(clip, listed), 'INVALID_ARGUMENT', /'sampling' asks for 1$/);
    await rejectsWith(
      readFrames(clip, { sampling: { indices: [0] }, frames: 2 }),
      'INVALID_ARGUMENT',
      /as many as are/,
    );
  });

  it('takes a spacing as one option too', async () => {
    const spaced = await readFrames(clip, { sampling: { frames: 3, stride: 10, fps: 15 } });
    assert.deepEqual(spaced.timestamps, (await readFrames(clip, { frames: 3, stride: 10, fps: 15 })).timestamps);
    const spread = await readFrames(clip, { sampling: { stride: null, frames: 5 } });
    assert.deepEqual(spread.timestamps, (await readFrames(clip, { sampling: 'spread', frames: 5 })).timestamps);
    const { timestamps } = await readFrames(clip, { model, sampling: { frames: 4 } });
    assert.equal(timestamps.length, 4);
  });

  it('refuses a stride where it means nothing', async () => {
    const options = { sampling: 'spread', stride: 4 } as const;
    await rejectsWith(readFrames(clip, options), 'INVALID_ARGUMENT', /with 'spread' they mean nothing/);
    const twice = { sampling: { stride: 4 }, fps: 25 };
    await rejectsWith(readFrames(clip, twice), 'INVALID_ARGUMENT', /with \{ stride: 4 \} they mean nothing/);
    const framesTwice = { sampling: { stride: 4 }, frames: 8 };
    await rejectsWith(readFrames(clip, framesTwice), 'INVALID_ARGUMENT', /with \{ stride: 4 \} say it in there/);
  });

  it('probes', async () => {
    for (const video of samples) {
      const info = await probe(video);
      assert.equal(info.codec, 'h264');
      assert.match(info.container, /mp4/);
      assert.ok(info.width > 0 && info.height > 0 && (info.fps ?? 0) > 0 && (info.duration ?? 0) > 0);
      assert.equal(info.streams[info.streamIndex]?.type, 'video');
      assert.deepEqual(Object.keys(info.color).sort(), ['matrix', 'primaries', 'range', 'transfer']);
    }
  });

  describe('on files that are no good videos', () => {
    const files: Record<string, [code: TubeletErrorCode, make: () => Promise<string>]> = {
      'a missing file': ['FILE_NOT_FOUND', () => Promise.resolve(join(folder(), 'missing.mp4'))],
      'a folder': ['READ_FAILED', () => Promise.resolve(folder())],
      'an empty file': ['NOT_A_VIDEO', () => write('empty.mp4', '')],
      'text named .mp4': ['NOT_A_VIDEO', () => write('text.mp4', 'This is not a video.\n'.repeat(100))],
      'sound alone': ['NO_VIDEO_STREAM', sound],
    };

    async function write(name: string, content: string): Promise<string> {
      const path = join(folder(), name);
      await writeFile(path, content);
      return path;
    }

    async function sound(): Promise<string> {
      const path = join(folder(), 'sound.m4a');
      await promisify(execFile)('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', 'sine=d=1', path]);
      return path;
    }

    for (const [what, [code, make]] of Object.entries(files)) {
      it(`${what}: ${code}, from every function, at the caller's line`, async () => {
        const path = await make();
        const calls = [
          () => classify(path, { model }),
          () => embed(path, { model }),
          () => readFrames(path),
          () => probe(path),
        ];
        for (const call of calls) {
          const error = await rejectsWith(call(), code, /./);
          assert.ok(error.message.includes(path), error.message);
          assert.match(error.stack?.split('\n    at ')[1] ?? '', /api\.test/);
        }
      });
    }

    after('goes on working', async () => {
      assert.equal((await classify(clip, { model })).predictions.length, 5);
    });
  });

  describe('on checkpoints that are no good', () => {
    /** A copy of the bundled model with its weights changed. */
    async function damaged(name: string, change: (weights: Buffer) => Buffer): Promise<string> {
      const path = join(folder(), name);
      await cp(inRoot('models', model), path, { recursive: true });
      const weights = join(path, 'model.safetensors');
      await writeFile(weights, change(await readFile(weights)));
      return path;
    }

    /** The same file as if one tensor had never been saved. */
    function withoutTensor(weights: Buffer, tensor: string): Buffer {
      const data = 8 + Number(weights.readBigUInt64LE());
      const header = JSON.parse(weights.toString('utf8', 8, data)) as Record<
        string,
        { data_offsets: [number, number] }
      >;
      const [start, end] = header[tensor]!.data_offsets;
      const rest = Object.entries(header).filter(([name]) => name !== tensor);
      for (const [name, { data_offsets: offsets }] of rest) {
        if (name !== '__metadata__' && offsets[0] >= end) offsets.forEach((at, i) => (offsets[i] = at - (end - start)));
      }
      const changed = Buffer.from(JSON.stringify(Object.fromEntries(rest)));
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(changed.length));
      return Buffer.concat([length, changed, weights.subarray(data, data + start), weights.subarray(data + end)]);
    }

    it('a truncated file is MODEL_INVALID', async () => {
      const path = await damaged('truncated', (weights) => weights.subarray(0, weights.length - 1000));
      await rejectsWith(load(path), 'MODEL_INVALID', /model\.safetensors/);
    });

    it('a dropped tensor is refused, by name', async () => {
      const path = await damaged('dropped', (weights) => withoutTensor(weights, 'classifier.bias'));
      const error = await rejectsWith(load(path), 'CHECKPOINT_MISMATCH', /classifier\.bias/);
      assert.match(error.stack?.split('\n    at ')[1] ?? '', /api\.test/);
    });

    after('goes on working', async () => {
      const loaded = await load(model);
      await loaded.dispose();
    });
  });

  describe('with a signal', () => {
    const reason = new Error('enough');
    const calls: Record<string, (signal: AbortSignal) => Promise<unknown>> = {
      classify: (signal) => classify(clip, { model, signal }),
      embed: (signal) => embed(clip, { model, signal }),
      load: (signal) => load(model, { signal }),
      readFrames: (signal) => readFrames(clip, { signal }),
      probe: (signal) => probe(clip, { signal }),
    };

    for (const [name, call] of Object.entries(calls)) {
      it(`${name} rejects with its reason, aborted before or during the call`, async () => {
        await assert.rejects(call(AbortSignal.abort(reason)), (error) => error === reason);
        const controller = new AbortController();
        const result = call(controller.signal);
        controller.abort(reason); // before the event loop turns: a call as quick as probe might be over after that
        await assert.rejects(result, (error) => error === reason);
        await call(new AbortController().signal);
      });
    }
  });

  describe('when a model is busy or gone', () => {
    async function failures(calls: Promise<unknown>[]): Promise<TubeletError[]> {
      const settled = await Promise.allSettled(calls);
      return settled.flatMap((result) => (result.status === 'rejected' ? [result.reason as TubeletError] : []));
    }

    async function withModel(options: { maxQueue: number }, use: (loaded: Model) => Promise<void>): Promise<void> {
      const loaded = await load(model, options);
      await use(loaded).finally(() => loaded.dispose());
    }

    it('calls beyond maxQueue reject with BUSY and the others succeed', () =>
      withModel({ maxQueue: 2 }, async (loaded) => {
        const calls = Array.from({ length: 20 }, () => loaded.classify(clip));
        const refused = await failures(calls);
        assert.ok(refused.length > 0 && refused.length <= 18, `${refused.length} of 20 were refused`);
        for (const error of refused) {
          assert.equal(error.code, 'BUSY');
          assert.match(error.stack?.split('\n    at ')[1] ?? '', /api\.test/);
        }
        await loaded.classify(clip);
      }));

    it('dispose lets what runs finish and rejects what waits', () =>
      withModel({ maxQueue: 100 }, async (loaded) => {
        const calls = Array.from({ length: 20 }, () => loaded.classify(clip));
        const disposal = loaded.dispose();
        const refused = await failures(calls);
        await disposal;
        assert.ok(refused.length > 0);
        for (const error of refused) assert.equal(error.code, 'DISPOSED', error.message);
        await rejectsWith(loaded.classify(clip), 'DISPOSED', /load it again/);
      }));
  });
});
