import assert from 'node:assert/strict';
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { labelsRule, readLabels, requireCount } from '#lib/options/labels';
import { readOptions } from '#lib/base/rules';

import { rejectsWith, throwsWith } from '../support/rejects';
import { suiteFolder } from '../support/temp';

describe('labels', () => {
  const folder = suiteFolder('labels');

  async function file(content: string | Uint8Array): Promise<string> {
    const path = join(folder(), 'labels.txt');
    await writeFile(path, content);
    return path;
  }

  it('come from a file with one a line', async () => {
    for (const content of ['a b\nc\n', 'a b\r\nc\r\n', 'a b\nc', '\uFEFFa b\nc\n\n\n']) {
      assert.deepEqual(await readLabels(await file(content)), ['a b', 'c'], JSON.stringify(content));
    }
    assert.deepEqual(await readLabels(await file('tai chi\n"sword fighting"\nnaïve\n')), [
      'tai chi',
      '"sword fighting"',
      'naïve',
    ]);
  });

  it('come from a list, as it was when the call was made', async () => {
    const labels = ['a', 'b'];
    const copy = readOptions('load', { labels }, { labels: labelsRule }).labels!;
    labels[0] = 'changed';
    assert.deepEqual(await readLabels(copy), ['a', 'b']);
  });

  it('have no gaps', async () => {
    await rejectsWith(readLabels(await file('a\n\nb\n')), 'INVALID_ARGUMENT', /labels\.txt: line 2 is empty/);
    await rejectsWith(readLabels(await file('a\n  \n')), 'INVALID_ARGUMENT', /line 2 is empty/);
    await rejectsWith(readLabels(await file('')), 'INVALID_ARGUMENT', /labels\.txt is empty/);
  });

  it('say what is wrong with their file', async () => {
    await rejectsWith(readLabels(join(folder(), 'nowhere')), 'FILE_NOT_FOUND', /There is no label file .*nowhere/);
    await mkdir(join(folder(), 'sub'));
    await rejectsWith(readLabels(join(folder(), 'sub')), 'READ_FAILED', /sub is not a file/);
    const huge = await file('a');
    await truncate(huge, 2 ** 23);
    await rejectsWith(readLabels(huge), 'INVALID_ARGUMENT', /has 8388608 bytes, more than 4194304/);
  });

  for (const [labels, message] of [
    ['', /option 'labels' must be the path of a file with one label a line, or an array of 1 to 65536 labels, got ''/],
    [[], /option 'labels' must be .* got \[\]/],
    [7, /option 'labels' must be .* got 7/],
    [{ 0: 'a' }, /option 'labels' must be/],
    [['a', 7], /load: labels must be strings that are not empty, got 7 \(a number\) at 1/],
    [['a', ''], /got '' \(a string\) at 1/],
    [new Array(2), /got undefined at 0/],
  ] as const) {
    it(`are not ${JSON.stringify(labels)}`, () => {
      throwsWith(() => readOptions('load', { labels }, { labels: labelsRule }), 'INVALID_ARGUMENT', message);
    });
  }

  it("are as many as the model's classes", () => {
    requireCount(['a', 'b'], 2, 'mine');
    throwsWith(
      () => {
        requireCount(['a', 'b'], 3, 'mine');
      },
      'INVALID_ARGUMENT',
      /'labels' has 2 entries, but 'mine' has 3 classes/,
    );
    throwsWith(
      () => {
        requireCount(['a'], 0, 'mine');
      },
      'INVALID_ARGUMENT',
      /'mine' is self-supervised/,
    );
  });
});
