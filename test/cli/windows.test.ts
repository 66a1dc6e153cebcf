import assert from 'node:assert/strict';

import { UsageError } from '#lib/cli/base/arguments';
import { lengthOf } from '#lib/cli/base/text';
import { modelClipOf } from '#lib/cli/base/videos';
import { segmentsReport, vectorsReport, windowsFrom } from '#lib/cli/base/windows';
import type { ClassifyWindowsResult, EmbedWindowsResult, WindowDetails } from '#lib/results/windows';

import { fakeSession } from './session';

const details = (start: number, end: number): WindowDetails => ({
  start,
  end,
  timestamps: [start],
  clip: { start, end },
  repeated: false,
  tooShort: end - start < 2,
  toneMapped: false,
  warnings: start === 2 ? ['The frame at 2.500 s is damaged; the decoder patched it up.'] : [],
  milliseconds: { decode: 1, prepare: 2, infer: 3 },
});

const shared = {
  checkpoint: { name: 'fake', sha256: 'f' },
  device: 'cpu',
  precision: 'fp32' as const,
  warnings: ['The header says something else.'],
  milliseconds: { decode: 10, prepare: 20, infer: 300 },
};

const classified: ClassifyWindowsResult = {
  scores: 'softmax',
  windows: [details(0, 2), details(2, 4), details(4, 5.5)].map((window) => ({ ...window, predictions: [] })),
  segments: [
    { label: 'pan right', index: 2, start: 0, end: 4, score: 0.75 },
    { label: 'static\u001b[31m', index: 0, start: 4, end: 5.5, score: 1 },
  ],
  ...shared,
};

describe('--windows', () => {
  it('is a length, or a length and a stride', () => {
    assert.equal(windowsFrom(undefined), undefined);
    assert.deepEqual(windowsFrom('10'), { length: 10, stride: 10 });
    assert.deepEqual(windowsFrom('2.5/0.5'), { length: 2.5, stride: 0.5 });
    assert.deepEqual(windowsFrom('.5'), { length: 0.5, stride: 0.5 });
  });

  for (const wrong of ['', '0', '10/', '/5', '10/0', '-1', '1/2/3', 'ten', '1e3', 'Infinity', '1,5']) {
    it(`is not '${wrong}'`, () => {
      assert.throws(
        () => windowsFrom(wrong),
        (error) => error instanceof UsageError && error.message.includes('--windows takes'),
      );
    });
  }

  it('goes with no choice of frames of the whole video', () => {
    const session = fakeSession();
    for (const other of [{ sampling: 'paper' }, { timestamps: '1,2' }, { indices: '1,2' }]) {
      assert.throws(() => modelClipOf({ windows: '5', ...other }, session), /--windows goes with no/);
    }
    assert.deepEqual(modelClipOf({ windows: '5', sampling: 'spread' }, session).windows, { length: 5, stride: 5 });
  });
});

describe('a result with windows on a terminal', () => {
  it('is its segments, one a line, and what was odd', () => {
    assert.deepEqual(segmentsReport('a.mp4', classified, fakeSession()).split('\n'), [
      'a.mp4',
      `  0:00.000  0:04.000  pan right         75.0%  ${'█'.repeat(22)}▌`,
      `  0:04.000  0:05.500  static\\u001b[31m   100%  ${'█'.repeat(30)}`,
      '  3 windows from 0:00.000 to 0:05.500, 1 of them shorter than the clip should be',
      '  note: The header says something else.',
      '  note: The frame at 2.500 s is damaged; the decoder patched it up.',
      '  fake: decode 10.0, prepare 20.0, infer 300 ms',
    ]);
  });

  it('fits into the terminal', () => {
    const long = {
      ...classified,

      segments: classified.segments.map((segment) => ({ ...segment, label: 'word '.repeat(30), end: 36_000 })),
    };
    for (const columns of [60, 80, 200]) {
      const lines = segmentsReport('a.mp4', long, fakeSession({ columns })).split('\n').slice(1, 3);
      for (const line of lines) assert.ok(lengthOf(line) <= columns, line);
    }
  });

  it('is the beginning of each vector', () => {
    const embedded: EmbedWindowsResult = {
      windows: [details(0, 2), details(2, 4)].map((window) => ({
        ...window,
        data: Float32Array.of(1, -0.5, 0, 2, 3),
        shape: [5],
      })),
      normalized: false,
      ...shared,
    };
    assert.deepEqual(vectorsReport('a.mp4', embedded, fakeSession()).split('\n').slice(0, 4), [
      'a.mp4',
      '  0:00.000  0:02.000    1.0000  -0.5000   0.0000   2.0000 …',
      '  0:02.000  0:04.000    1.0000  -0.5000   0.0000   2.0000 …',
      '  5 numbers a window',
    ]);
  });
});
