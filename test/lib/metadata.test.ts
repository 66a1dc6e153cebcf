import assert from 'node:assert/strict';

import { readMetadata } from '#lib/checkpoints/program-metadata';

import { throwsWith } from '../support/rejects';

const read = (content: unknown): unknown => readMetadata(JSON.stringify(content), 'a.pt');

describe('tubelet.json', () => {
  it('may say everything or nothing', () => {
    assert.deepEqual(read({}), {});
    const all = {
      frames: 8,
      size: { height: 112, width: 224 },
      mean: 0.5,
      std: [0.2, 0.3, 0.4],
      layout: 'CTHW',
      labels: ['a', 'b'],
      sampling: { frames: 8, stride: null, fps: 25 },
      resize: 'plain',
      preprocessor: { do_resize: false },
      family: 'vivit',
      checkpoint: { name: 'a/b', revision: 'c', sha256: 'd', licence: { id: 'MIT', commercial: true } },
      tubelet: '1.0.0',
    };
    assert.deepEqual(read(all), all);
    assert.deepEqual(read({ frames: null }), {});
    assert.deepEqual(read({ labels: [], size: 64, mean: [0, 0, 0] }), { labels: [], size: 64, mean: [0, 0, 0] });
  });

  for (const [content, message] of [
    ['', /a\.pt: its tubelet\.json: is not valid JSON: /],
    ['{"frames": ', /is not valid JSON/],
    ['[1]', /must hold a JSON object/],
    ['null', /must hold a JSON object/],
    [{ frame: 8 }, /has a field 'frame' that this version does not know \(did you mean 'frames'\?\)/],
    [{ toString: 8 }, /has a field 'toString' that/],
    [{ frames: 0 }, /'frames' is 0 but must be a whole number from 1 to \d+/],
    [{ frames: '8' }, /'frames' is "8" but must be a whole number/],
    [{ size: [64, 64] }, /'size' is \[64,64\] but must be a whole number from 1 to \d+, or \{ height, width \}/],
    [{ size: { height: 64 } }, /'size' .* must be/],
    [{ size: 1e9 }, /'size' .* must be/],
    [{ mean: [0.5, 0.5] }, /'mean' .* must be a number, or three, for red, green and blue/],
    [{ mean: 'half' }, /'mean' .* must be/],
    [{ std: 0 }, /'std' .* must be a number above 0, or three/],
    [{ std: [1, 1, -1] }, /'std' .* must be/],
    [{ layout: 'BTCHW' }, /'layout' .* must be one of 'TCHW', 'CTHW'/],
    [{ labels: 'labels.txt' }, /'labels' .* must be an array of labels/],
    [{ labels: ['a', ''] }, /'labels' .* must be an array of labels that are not empty/],
    [{ labels: { 0: 'a' } }, /'labels' .* must be/],
    [{ sampling: { strid: 4 } }, /'sampling': there is no option 'strid'\. Did you mean 'stride'/],
    [{ sampling: { stride: 0 } }, /'sampling': option 'stride' must be/],
    [{ sampling: {} }, /'sampling' .* must be an object such as/],
    [{ resize: 'none' }, /'resize' .* must be one of/],
    [{ preprocessor: 'videomae' }, /'preprocessor' .* must be an object/],
    [{ family: 'resnet' }, /'family' .* must be one of 'vivit'/],
    [{ checkpoint: { name: 'a' } }, /'checkpoint' .* must be an object with name, sha256 and licence/],
    [{ checkpoint: { name: 'a', sha256: 'b', licence: 'MIT' } }, /'checkpoint' .* must be/],
    [{ tubelet: 1 }, /'tubelet' .* must be a string/],
  ] as const) {
    it(`is refused: ${JSON.stringify(content)}`, () => {
      const text = typeof content === 'string' ? content : JSON.stringify(content);
      throwsWith(() => readMetadata(text, 'a.pt'), 'MODEL_INVALID', message);
    });
  }
});
