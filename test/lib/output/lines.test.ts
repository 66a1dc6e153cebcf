import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { linesOf } from '#lib/output/lines';

import { openDescriptors } from '../../support/descriptors';
import { seededRandom } from '../../support/random';
import { suiteFolder } from '../../support/temp';

describe('lines of a file', () => {
  const suite = suiteFolder('lines');

  async function linesIn(content: string): Promise<{ text: string; start: number; whole: boolean }[]> {
    const path = join(suite(), 'lines');
    await writeFile(path, content);
    const lines = [];
    for await (const { bytes, start, whole } of linesOf(path)) lines.push({ text: bytes.toString(), start, whole });
    return lines;
  }

  /** The same with the language's own means. */
  function expected(content: string): { text: string; start: number; whole: boolean }[] {
    const parts = content.split('\n');
    let start = 0;
    const lines = parts.map((text, index) => {
      const line = { text, start, whole: index < parts.length - 1 };
      start += Buffer.byteLength(text) + 1;
      return line;
    });
    return lines.filter(({ text, whole }) => whole || text !== '');
  }

  it('are found whole, with where they begin', async () => {
    for (const content of ['', '\n', 'a', 'a\n', '\n\na\n\n', 'a\nß\nc', '{"file":"\u2028"}\r\n']) {
      assert.deepEqual(await linesIn(content), expected(content), JSON.stringify(content));
    }
  });

  it('may be of any length, wherever the chunks end that they are read in', async () => {
    const random = seededRandom('lines');
    const lengths = [262_143, 262_144, 262_145, 0, 1, 524_287, 1, 3_000_000];
    for (let i = 0; i < 200; i++) lengths.push(Math.floor(random() * 5_000));
    const content = lengths.map((length, index) => String(index % 10).repeat(length)).join('\n');
    for (const end of ['', '\n']) assert.deepEqual(await linesIn(content + end), expected(content + end));
  });

  it('stay what they are while others are read', async () => {
    const path = join(suite(), 'kept');
    const content = Array.from({ length: 100_000 }, (_, index) => `line ${index}`);
    await writeFile(path, `${content.join('\n')}\n`);
    const kept = [];
    for await (const { bytes } of linesOf(path)) kept.push(bytes);
    assert.deepEqual(kept.map(String), content);
  });

  it('leave no descriptor open, also when they are left early', async () => {
    const path = join(suite(), 'left');
    await writeFile(path, 'a\nb\n');
    for await (const { bytes } of linesOf(path)) {
      assert.equal(bytes.toString(), 'a');
      break;
    }
    assert.ok(!openDescriptors().some((target) => target.includes(path)));
    await assert.rejects(linesOf(join(suite(), 'none')).next(), { code: 'ENOENT' });
  });
});
