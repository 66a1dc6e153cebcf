import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { packageVersion } from '#lib/base/package';

import { inRoot, root } from '../support/paths';
import { suiteFolder } from '../support/temp';

describe('the program in a shell', () => {
  const folder = suiteFolder('bin');
  const { bin } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8')) as { bin: { tubelet: string } };

  it('runs by its own name, also through the link that npm makes', () => {
    const link = join(folder(), 'tubelet');
    symlinkSync(inRoot(bin.tubelet), link);
    for (const program of [inRoot(bin.tubelet), link]) {
      assert.equal(execFileSync(program, ['--version'], { encoding: 'utf8' }), `${packageVersion()}\n`);
    }
  });

  it('is no product of a build, which could take its execute bit', () => {
    const tracked = execFileSync('git', ['ls-files', '--stage', bin.tubelet], { cwd: root, encoding: 'utf8' });
    assert.match(tracked, /^100755 /);
  });
});
