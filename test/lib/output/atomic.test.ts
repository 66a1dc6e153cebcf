import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { writeWhole } from '#lib/output/atomic';

import { openDescriptors } from '../../support/descriptors';
import { suiteFolder } from '../../support/temp';

describe('a file that is written whole', () => {
  const suite = suiteFolder('atomic');

  async function folder(name: string): Promise<string> {
    const path = join(suite(), name);
    await mkdir(path);
    return path;
  }

  it('has its name only when all is there, and replaces what had it', async () => {
    const within = await folder('whole');
    const path = join(within, 'a');
    await writeFile(path, 'before');
    await writeFile(`${path}.incomplete`, 'longer than what comes, of one that was killed');
    const answer = await writeWhole(path, async (file, temporary) => {
      assert.equal(temporary, `${path}.incomplete`);
      await file.writeFile('af');
      assert.equal(await readFile(path, 'utf8'), 'before');
      await file.writeFile('ter');
      return 5;
    });
    assert.equal(answer, 5);
    assert.equal(await readFile(path, 'utf8'), 'after');
    assert.deepEqual(await readdir(within), ['a']);
  });

  it('leaves what was there when the writing fails', async () => {
    const within = await folder('fails');
    const path = join(within, 'a');
    await writeFile(path, 'before');
    const work = writeWhole(path, async (file) => {
      await file.writeFile('half');
      throw new Error('enough');
    });
    await assert.rejects(work, { message: 'enough' });
    assert.equal(await readFile(path, 'utf8'), 'before');
    assert.deepEqual(await readdir(within), ['a']);
    assert.ok(!openDescriptors().some((target) => target.includes(within)));
  });

  it('leaves nothing when its name cannot be had', async () => {
    const within = await folder('name');
    await mkdir(join(within, 'a'));
    await assert.rejects(
      writeWhole(join(within, 'a'), (file) => file.writeFile('whole')),
      { code: 'EISDIR' },
    );
    assert.deepEqual(await readdir(within), ['a']);
    await assert.rejects(
      writeWhole(join(within, 'none', 'a'), (file) => file.writeFile('whole')),
      { code: 'ENOENT' },
    );
  });
});
