import assert from 'node:assert/strict';

import { sideBySide } from '#lib/cli/base/side-by-side';
import { lengthOf } from '#lib/cli/base/text';

import { fakeSession } from './session';

const predictions = [
  { label: 'roll counterclockwise', index: 8, score: 0.75 },
  { label: 'pan left', index: 1, score: 0.2 },
];
const models = ['motion-timesformer', 'motion-videomae', 'motion-vivit'];
const columns = models.map((title) => ({ title, predictions }));

describe('models side by side', () => {
  it('fit into 80 columns, three of them', () => {
    const lines = sideBySide(columns, fakeSession({ columns: 80 }));
    assert.deepEqual(lines, [
      '  motion-timesformer        motion-videomae           motion-vivit',
      '  75.0% ██▎ roll counterc…  75.0% ██▎ roll counterc…  75.0% ██▎ roll counterc…',
      '  20.0% ▋   pan left        20.0% ▋   pan left        20.0% ▋   pan left',
    ]);
  });

  it('show whole labels and longer bars where there is room', () => {
    const lines = sideBySide(columns, fakeSession({ columns: 200 }));
    assert.equal(lines.length, 3);
    assert.equal(lines[1]?.match(/75\.0% ███████████████ {6}roll counterclockwise/g)?.length, 3);
  });

  it('go below each other when they do not fit', () => {
    const lines = sideBySide(columns, fakeSession({ columns: 60 }));
    assert.equal(lines.filter((line) => line.includes('75.0%')).length, 2);
  });

  it('never pass the edge, in any width that has room for one model', () => {
    for (let width = 24; width < 240; width += 3) {
      for (const line of sideBySide(columns, fakeSession({ columns: width }))) {
        assert.ok(lengthOf(line) <= width, `${lengthOf(line)} characters in ${width} columns: ${line}`);
      }
    }
  });

  it('may have different numbers of classes', () => {
    const short = { title: 'binary', predictions: predictions.slice(0, 1) };
    const lines = sideBySide([short, ...columns.slice(1)], fakeSession({ columns: 80 }));
    assert.match(lines[2] ?? '', /^ {20,}20\.0%/);
  });
});
