import assert from 'node:assert/strict';

import { hasInk, textWidth } from '#lib/cli/base/digits';
import { type Picture, contactSheet } from '#lib/cli/base/sheet';

/** Frames of one grey each: 10, 20, 30 ... */
function greys(frames: number, width: number, height: number): Parameters<typeof contactSheet>[0] {
  const data = new Uint8Array(frames * width * height * 3);
  for (let frame = 0; frame < frames; frame++) {
    data.fill(10 * (frame + 1), frame * width * height * 3, (frame + 1) * width * height * 3);
  }
  return { data, shape: [frames, height, width, 3], timestamps: Array.from({ length: frames }, (_, i) => i / 2) };
}

const at = ({ data, width }: Picture, x: number, y: number): number | undefined => data[(y * width + x) * 3];

describe('the contact sheet', () => {
  it('shrinks pictures and sets them in rows, in order', () => {
    const sheet = contactSheet(greys(5, 480, 270));
    // Three columns of 240 and two rows of 135, with a margin of 4 and captions of 22.
    assert.deepEqual([sheet.width, sheet.height], [3 * 244 + 4, 2 * (135 + 22) + 4]);
    assert.equal(sheet.data.length, sheet.width * sheet.height * 3);
    const middles = [0, 1, 2, 3, 4].map((i) => at(sheet, 4 + 120 + (i % 3) * 244, 4 + 60 + Math.floor(i / 3) * 157));
    assert.deepEqual(middles, [10, 20, 30, 40, 50]);
    assert.equal(at(sheet, 4 + 120 + 2 * 244, 4 + 60 + 157), 24, 'nothing in the sixth place');
  });

  it('averages the pixels that a small one covers', () => {
    const clip = greys(1, 480, 2);
    for (let x = 0; x < 480; x++) clip.data.fill(x % 2 === 0 ? 0 : 100, x * 3, x * 3 + 3);
    clip.data.fill(200, 480 * 3);
    const sheet = contactSheet(clip);
    assert.equal(at(sheet, 4 + 100, 4), 125); // (0 + 100 + 200 + 200) / 4
  });

  it('leaves small pictures as they are, but with room for their times', () => {
    const sheet = contactSheet(greys(1, 8, 6));
    assert.equal(at(sheet, 4, 4), 10);
    assert.equal(at(sheet, 4 + 8, 4), 24);
    assert.ok(sheet.width >= 2 * textWidth('0.000 s') + 8);
  });

  it('writes each time below its picture', () => {
    const sheet = contactSheet(greys(1, 240, 100));
    let drawn = '';
    for (let y = 0; y < 7; y++) {
      for (let x = 0; x < textWidth('0.000 s'); x++)
        drawn += at(sheet, 4 + 2 * x, 4 + 100 + 4 + 2 * y) === 230 ? '#' : ' ';
    }
    let expected = '';
    for (let y = 0; y < 7; y++) {
      for (let x = 0; x < textWidth('0.000 s'); x++) expected += hasInk('0.000 s', x, y) ? '#' : ' ';
    }
    assert.equal(drawn, expected);
    assert.ok(expected.includes('#'));
  });

  it('holds very wide and very tall frames', () => {
    assert.ok(contactSheet(greys(2, 1000, 1)).height > 22);
    assert.ok(contactSheet(greys(2, 1, 1000)).height > 240);
  });
});

describe('the font', () => {
  it('draws every character of a time differently', () => {
    const pictures = Array.from('0123456789.-s ', (character) => {
      let rows = '';
      for (let y = 0; y < 7; y++) for (let x = 0; x < 5; x++) rows += hasInk(character, x, y) ? '#' : ' ';
      return rows;
    });
    assert.equal(new Set(pictures).size, 14);
  });
});
