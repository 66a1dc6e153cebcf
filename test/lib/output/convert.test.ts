import assert from 'node:assert/strict';
import { appendFile, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { convert } from '#lib/output/convert';

import { runChild } from '../../process/child';
import { embedding, runIdentity, writeJournal } from '../../support/journal';
import { rejectsWith } from '../../support/rejects';
import { suiteFolder } from '../../support/temp';

describe('an output from its journal', () => {
  const folder = suiteFolder('convert');
  const journal = (): string => join(folder(), 'journal.jsonl');

  const good = JSON.stringify({ file: 'a.mp4', ...embedding([1, 2]), data: [1, 2] });
  const damaged: [what: string, line: string, message: RegExp][] = [
    ['half a line', good.slice(0, 60), /JSON/],
    ['zeros', '\0'.repeat(20), /JSON/],
    ['no object', '[1]', /it is not a JSON object$/],
    ['no file', '{"error":{"code":"TIMEOUT","message":"x"}}', /it has no 'file'$/],
    ['an error without a code', '{"file":"a","error":{"message":"x"}}', /its 'error' has no code and message$/],
    ['text for a vector', good.replace('[1,2]', '"abc"'), /'data' is not a list of numbers$/],
    ['text for a number', good.replace('[1,2]', '[1,"2"]'), /'data' is not a number$/],
    ['another shape', good.replace('[2]', '[3]'), /its 'data' has 2 numbers, its 'shape' is 3$/],
    ['no times', good.replace('"decode"', '"x"'), /'milliseconds\.decode' is not a number$/],
    ['windows that are none', '{"file":"a","windows":[1]}', /'windows' is not a list of objects$/],
  ];
  for (const [what, line, message] of damaged) {
    it(`is refused with the line that has ${what}`, async () => {
      await writeJournal(journal(), [['a.mp4', embedding([1, 2])]]);
      await appendFile(journal(), `${line}\n${good}\n`);
      for (const format of ['csv', 'parquet', 'npy']) {
        const output = join(folder(), `damaged.${format}`);
        await writeFile(output, 'as it was');
        const work = convert(journal(), output, runIdentity());
        const { message: text } = await rejectsWith(work, 'READ_FAILED', message);
        assert.ok(text.startsWith(`${journal()}, line 2 is not a line that tubelet writes: `), text);
        assert.equal(await readFile(output, 'utf8'), 'as it was');
      }
      assert.ok((await readdir(folder())).every((name) => !/incomplete|files/.test(name)));
    });
  }

  it('needs a journal', async () => {
    const missing = join(folder(), 'none.jsonl');
    const work = convert(missing, join(folder(), 'none.csv'), runIdentity());
    await rejectsWith(work, 'READ_FAILED', /^Cannot read .*none\.jsonl: ENOENT/);
  });

  for (const format of ['csv', 'parquet', 'npy']) {
    it(`is not there when the disk is full: ${format}`, async () => {
      await writeJournal(journal(), [['a.mp4', embedding([1, 2])]]);
      const output = join(folder(), `full.${format}`);
      await symlink('/dev/full', `${output}.incomplete`);
      const work = convert(journal(), output, runIdentity());
      await rejectsWith(work, 'WRITE_FAILED', /^Cannot write .*: ENOSPC: no space left on device, write\. Make room/);
      assert.ok((await readdir(folder())).every((name) => !name.startsWith('full')));
    });
  }

  for (const format of ['csv', 'parquet', 'npy']) {
    it(`takes little memory for many vectors, and leaves the event loop its turns: ${format}`, async () => {
      const { code, stderr, said } = await runChild('convert', [folder(), format], {
        node: ['--max-old-space-size=40'],
      });
      assert.equal(code, 0, stderr);
      assert.ok((said.get('turns') as number) >= 20, `${String(said.get('turns'))} turns`);
    });
  }
});
