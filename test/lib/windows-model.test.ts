import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type ClassifiedWindow, type EmbeddedWindow, type Model, load } from '#lib/index';

import { inRoot } from '../support/paths';
import { rejectsWith } from '../support/rejects';
import { samples } from '../support/samples';
import { suiteFolder } from '../support/temp';

/** Of 13 seconds. */
const long = inRoot('samples', 'nasa_13013.mp4');

/** So many windows that a call is in the middle of them for a long while. */
const many = { length: 1, stride: 0.005 };

function delay(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}

describe('windows of a model', function () {
  this.timeout(120_000);
  const folder = suiteFolder('windows');
  let model: Model;
  before(async () => {
    model = await load('motion-videomae');
  });
  after(() => model.dispose());

  it('have what a single result has, their sum of times, and segments', async () => {
    const { windows, segments, milliseconds, warnings, ...rest } = await model.classify(long, {
      windows: { length: 3, stride: 2 },
      topK: 2,
    });
    const { checkpoint, device, precision } = model.info;
    assert.deepEqual(rest, { checkpoint, device, precision, scores: 'softmax' });
    assert.deepEqual(warnings, []);
    assert.deepEqual(Object.keys(windows[0]!).slice(0, 3), ['start', 'end', 'predictions']);
    for (const { predictions, timestamps, start, end, logits } of windows) {
      assert.equal(predictions.length, 2);
      assert.equal(logits, undefined);
      assert.ok(timestamps.every((time) => time >= start && time < end));
    }
    for (const stage of ['decode', 'prepare', 'infer'] as const) {
      const sum = windows.reduce((all, window) => all + window.milliseconds[stage], 0);
      assert.ok(Math.abs(milliseconds[stage] - sum) < 1e-6 && sum > 0, stage);
    }
    assert.equal(segments[0]?.start, 0);
    assert.equal(segments.at(-1)?.end, windows.at(-1)?.end);
  });

  it('are named as the caller wants', async () => {
    const { classify } = await import('#lib/index');
    const labels = Array.from({ length: 10 }, (_, i) => `class ${i}`);
    const { segments } = await classify(samples[0]!, { model: 'motion-videomae', labels, windows: { length: 2 } });
    assert.match(segments[0]?.label ?? '', /^class \d$/);
  });

  it('end with the signal, in the middle, and leave the model as it was', async () => {
    const controller = new AbortController();
    const call = model.classify(long, { windows: many, signal: controller.signal });
    await delay(300);
    const reason = new Error('enough');
    const aborted = performance.now();
    controller.abort(reason);
    await assert.rejects(call, reason);
    assert.ok(performance.now() - aborted < 100);
    assert.equal((await model.classify(samples[0]!)).predictions.length, 5);
  });

  it('are heard of as they come, and kept when the call ends early', async () => {
    const heard: unknown[] = [];
    const windows = { length: 3, stride: 2 };
    const whole = await model.classify(long, { windows, onWindow: (window: ClassifiedWindow) => heard.push(window) });
    assert.ok(heard.length > 3);
    assert.ok(heard.every((window, index) => window === whole.windows[index]));

    const vectors: number[] = [];
    await model.embed(long, { windows, onWindow: ({ data }: EmbeddedWindow) => vectors.push(data.length) });
    assert.deepEqual(vectors, Array<number>(heard.length).fill(model.info.width));

    const controller = new AbortController();
    const starts: number[] = [];
    const call = model.classify(long, {
      windows: many,
      signal: controller.signal,
      onWindow: ({ start }: ClassifiedWindow) => {
        if (starts.push(start) === 5) controller.abort(new Error('enough'));
      },
    });
    await assert.rejects(call, /enough/);
    assert.deepEqual(
      starts.map((start) => Math.round(start / many.stride)),
      [0, 1, 2, 3, 4],
    );
  });

  it('end when their listener throws, which is its own fault', async () => {
    let calls = 0;
    const onWindow = (): void => {
      calls++;
      throw new Error('full');
    };
    await rejectsWith(model.classify(long, { windows: many, onWindow }), 'INVALID_ARGUMENT', /'onWindow' threw: full/);
    assert.equal(calls, 1);
    await rejectsWith(model.embed(long, { onWindow }), 'INVALID_ARGUMENT', /'onWindow' hears of windows/);
  });

  it('end when the time is up', async () => {
    await rejectsWith(model.embed(long, { windows: many, timeoutMs: 300 }), 'TIMEOUT', /timeoutMs/);
  });

  it('let calls that come meanwhile through', async () => {
    const controller = new AbortController();
    let over = false;
    const call = model.classify(long, { windows: many, signal: controller.signal }).finally(() => {
      over = true;
    });
    await delay(200);
    for (const sample of samples.slice(0, 3)) await model.classify(sample);
    assert.equal(over, false);
    controller.abort();
    await assert.rejects(call);
  });

  it('do not wait to their end when the model is disposed of', async () => {
    const own = await load('motion-videomae');
    const call = own.classify(long, { windows: many });
    const settled = rejectsWith(call, 'DISPOSED', /disposed/);
    await delay(300);
    const disposed = performance.now();
    await own.dispose();
    await settled;
    assert.ok(performance.now() - disposed < 2000);
  });

  it('are what a batch gives, each video as it would alone, with errors of their own', async () => {
    const options = { windows: { length: 1, stride: 0.4 }, topK: 3 };
    const inputs = [samples[1]!, 'missing.mp4', samples[2]!, long];
    const items = [];
    for await (const item of model.classifyAll(inputs, options)) items.push(item);
    assert.deepEqual(
      items.map(({ error }) => error?.code),
      [undefined, 'FILE_NOT_FOUND', undefined, undefined],
    );
    for (const { input, result } of items) {
      if (result === undefined) continue;
      const alone = await model.classify(input, options);
      assert.deepEqual(
        result.windows.map((window) => ({ ...window, milliseconds: 0 })),
        alone.windows.map((window) => ({ ...window, milliseconds: 0 })),
      );
      assert.deepEqual(result.segments, alone.segments);
    }
  });

  it('of a batch may share forward passes', async () => {
    const options = { windows: { length: 1, stride: 0.4 }, maxBatch: 4, workers: { infer: 1 } };
    for await (const { input, result } of model.embedAll([long, samples[1]!], options)) {
      const alone = await model.embed(input, { windows: options.windows });
      assert.equal(result?.windows.length, alone.windows.length);
      for (const [i, { data }] of alone.windows.entries()) {
        const shared = result.windows[i]!.data;
        assert.ok(data.every((value, k) => Math.abs(value - shared[k]!) < 1e-3 * Math.max(1, Math.abs(value))));
      }
    }
  });

  it('leave a batch in the middle', async () => {
    const batch = model.classifyAll([long, long, long], { windows: many });
    const waiting = batch.next();
    await delay(300);
    const left = performance.now();
    await batch.return();
    assert.deepEqual(await waiting, { done: true, value: undefined });
    assert.ok(performance.now() - left < 2000);
  });

  it('are refused when they are too many, or when the part is none', async () => {
    const tooMany = { windows: { length: 1, stride: 0.0001 } };
    await rejectsWith(model.classify(long, tooMany), 'INVALID_ARGUMENT', /more than 65536.*longer stride/);
    await rejectsWith(
      model.classify(long, { windows: { length: 1 }, start: 20 }),
      'INVALID_ARGUMENT',
      /The range starts at 20\.000 s, but the video ends at/,
    );
  });

  it('of a damaged video are an error, or are tolerated with a warning where it is', async () => {
    const bytes = await readFile(long);
    const middle = bytes.length >> 1;
    bytes.fill(0xa5, middle, middle + 20_000);
    const damaged = join(folder(), 'damaged.mp4');
    await writeFile(damaged, bytes);
    const windows = { length: 2 };
    await rejectsWith(model.classify(damaged, { windows }), 'CORRUPT_VIDEO', /Cannot decode .*damaged\.mp4' at \d/);
    const { windows: found } = await model.classify(damaged, { windows, onCorrupt: 'tolerate' });
    const told = found.filter(({ warnings }) => warnings.length > 0);
    assert.ok(told.length > 0 && told.length < found.length, `${told.length} of ${found.length}`);
  });
});
