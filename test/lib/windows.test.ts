import assert from 'node:assert/strict';

import {
  type Batch,
  type ClassifyResult,
  type ClassifyWindowsResult,
  type EmbedResult,
  type EmbedWindowsResult,
  type Model,
  type WindowOptions,
  classify,
  embed,
  readFrames,
} from '#lib/index';
import { checkWindows, toNativeWindows } from '#lib/options/windows';
import { type ClassifiedWindow, segmentsOf } from '#lib/results/windows';

import { rejectsWith, throwsWith } from '../support/rejects';

/** Windows as segments see them: start, end, best class, score. */
function windows(
  ...list: [start: number, end: number, label: string, score: number][]
): Pick<ClassifiedWindow, 'start' | 'end' | 'predictions'>[] {
  return list.map(([start, end, label, score]) => ({
    start,
    end,
    predictions: [{ label, index: label.charCodeAt(0), score }],
  }));
}

/** Segments as text: `a 0-2 0.5`. */
function shown(list: Parameters<typeof segmentsOf>[0]): string[] {
  return segmentsOf(list).map(({ label, start, end, score }) => `${label} ${start}-${end} ${score}`);
}

describe('segments', () => {
  it('are neighbours of one class, from the start of the first to the end of the last, with their mean score', () => {
    const list = windows([0, 2, 'a', 0.5], [2, 4, 'a', 0.75], [4, 6, 'b', 0.5], [6, 7, 'a', 1]);
    assert.deepEqual(shown(list), ['a 0-4 0.625', 'b 4-6 0.5', 'a 6-7 1']);
    assert.deepEqual(segmentsOf(list)[0], { label: 'a', index: 97, start: 0, end: 4, score: 0.625 });
  });

  it('meet in the middle of what windows of different classes share', () => {
    const list = windows([0, 4, 'a', 0.5], [1, 5, 'a', 0.5], [2, 6, 'b', 0.5], [3, 7, 'c', 1], [4, 8, 'c', 1]);
    assert.deepEqual(shown(list), ['a 0-3.5 0.5', 'b 3.5-4.5 0.5', 'c 4.5-8 1']);
  });

  it('are in order and without overlap however densely windows lie', () => {
    const dense = windows(
      ...Array.from({ length: 50 }, (_, i): [number, number, string, number] => [i / 4, i / 4 + 3, 'abc'[i % 3]!, 1]),
    );
    const segments = segmentsOf(dense);
    assert.equal(segments.length, 50);
    for (const [i, { start, end }] of segments.entries()) {
      assert.ok(start < end);
      if (i > 0) assert.equal(start, segments[i - 1]!.end);
    }
  });

  it('keep the gap between windows of different classes, and span it between those of one', () => {
    const list = windows([0, 1, 'a', 1], [5, 6, 'a', 0.5], [10, 11, 'b', 1]);
    assert.deepEqual(shown(list), ['a 0-6 0.75', 'b 10-11 1']);
  });

  it('are told apart by the class and not by its name, and there are none without windows', () => {
    const [first, second] = windows([0, 1, 'a', 1], [1, 2, 'a', 1]);
    second!.predictions[0]!.index = 7;
    assert.equal(segmentsOf([first!, second!]).length, 2);
    assert.deepEqual(segmentsOf([]), []);
  });
});

describe('the option windows', () => {
  it('has a stride as long as the windows by default', () => {
    assert.deepEqual(toNativeWindows({ length: 3 }), { length: 3, stride: 3 });
    assert.deepEqual(toNativeWindows({ length: 3, stride: 0.5 }), { length: 3, stride: 0.5 });
  });

  const wrong: [unknown, RegExp][] = [
    [5, /option 'windows' must be an object such as \{ length: 10, stride: 5 \}, got 5/],
    [[10, 5], /option 'windows' must be an object/],
    [{}, /classify: windows: say how long a window is/],
    [{ stride: 1 }, /say how long a window is/],
    [{ length: 0 }, /option 'length' must be a number above 0/],
    [{ length: 1, stride: 0 }, /option 'stride' must be a number above 0/],
    [{ length: -1 }, /option 'length' must be a number above 0/],
    [{ length: Infinity }, /option 'length' must be a number above 0/],
    [{ length: NaN }, /option 'length' must be a number above 0/],
    [{ length: '5' }, /option 'length' must be a number above 0/],
    [{ length: 1, step: 1 }, /there is no option 'step'.*There are: length, stride/],
  ];
  for (const [value, message] of wrong) {
    it(`is not ${JSON.stringify(value)}${Number.isNaN((value as WindowOptions).length) ? ' (NaN)' : ''}`, () =>
      rejectsWith(classify('a.mp4', { windows: value as WindowOptions }), 'INVALID_ARGUMENT', message));
  }

  it('goes with no sampling that means the whole video', async () => {
    const all = { length: 1 };
    for (const sampling of ['paper', { timestamps: [1, 2] }, { indices: [0, 1] }] as const) {
      await rejectsWith(embed('a.mp4', { windows: all, sampling }), 'INVALID_ARGUMENT', /^embed: .* without 'windows'/);
      throwsWith(
        () => {
          checkWindows('x', { windows: all, sampling });
        },
        'INVALID_ARGUMENT',
        /^x: /,
      );
      checkWindows('x', { sampling });
    }
    for (const sampling of ['trained', 'spread', 'consecutive', { stride: 2 }] as const) {
      checkWindows('x', { windows: all, sampling });
    }
  });

  it('is of classify and embed, and not of readFrames', async () => {
    await rejectsWith(readFrames('a.mp4', { windows: { length: 1 } } as object), 'INVALID_ARGUMENT', /no option/);
  });

  it('decides which type a result has', () => {
    // Checked by the compiler; nothing of this runs.
    const typed = async (model: Model, options: { windows?: WindowOptions }): Promise<unknown[]> => {
      const single: ClassifyResult = await model.classify('a');
      const many: ClassifyWindowsResult = await model.classify('a', { topK: 1, windows: { length: 1 } });
      const either: ClassifyResult | ClassifyWindowsResult = await classify('a', options);
      const vector: EmbedResult = await embed('a', { normalize: true });
      const vectors: EmbedWindowsResult = await model.embed('a', { windows: { length: 1, stride: 2 } });
      const batch: Batch<string, ClassifyResult> = model.classifyAll(['a']);
      const batches: Batch<string, EmbedWindowsResult> = model.embedAll(['a'], { windows: { length: 1 } });
      // @ts-expect-error -- an option that does not exist
      void model.classify('a', { windwos: { length: 1 } });
      return [single, many, either, vector, vectors, batch, batches];
    };
    assert.equal(typeof typed, 'function');
  });
});
