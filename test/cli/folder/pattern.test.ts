import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { patternOf } from '#lib/cli/folder/pattern';

import { suiteFolder } from '../../support/temp';
import { found } from './found';

const run = promisify(execFile);

/** What bash makes of a pattern; folders among that, with all that is in them; but for what it finds through links. */
async function byBash(pattern: string, folder: string): Promise<string[]> {
  const script = `shopt -s nullglob; cd "$0"; for name in ${pattern.replace(/[ ()]/g, '\\$&')}; do
    if [ -f "$name" ]; then printf '%s\\0' "$name"
    else find "$name" -mindepth 1 -name '.?*' -prune -o \\( -type f -o -xtype f \\) -print0; fi
  done | LC_ALL=C sort -zu`;
  const { stdout } = await run('bash', ['-O', 'globstar', '-c', script, folder], { env: { LC_ALL: 'C.UTF-8' } });
  const names = stdout.split('\0').slice(0, -1);
  return names.filter(
    (name) => !name.endsWith('.txt') && (pattern.startsWith('link') || !/^(\.\/)?(link|val\/up)\//.test(name)),
  );
}

describe('patterns', function () {
  this.timeout(60_000);
  const folder = suiteFolder('pattern');

  before(async () => {
    for (const file of [
      'a.mp4',
      'b.mp4',
      'b.webm',
      'c (1).mp4',
      '+c$^|.mp4',
      '"q".mp4',
      '{x}.mp4',
      '{x,y}.mp4',
      '!x.mp4',
      '[z].mp4',
      '[z].txt',
      'ä.mp4',
      'film 🎬.mp4',
      'clip 7.mp4',
      'v1.mp4',
      'v2.mp4',
      'v12.mp4',
      'v03.mp4',
      'train/1.mp4',
      'train/2.webm',
      'train/deep/er/3.mp4',
      'train/deep/er/4.webm',
      'test (old)/1.mp4',
      'test (old)/2.mp4',
      'val/train/5.mp4',
      'val/x.mp4/inside.webm',
      '.hidden.mp4',
      '.hidden/6.mp4',
      'train/.cache/7.mp4',
    ]) {
      await mkdir(join(folder(), file, '..'), { recursive: true });
      await writeFile(join(folder(), file), '');
    }
    await symlink('train', join(folder(), 'link'));
    await symlink('..', join(folder(), 'val', 'up'));
  });

  const patterns = `*.mp4
?.mp4
*
**
**/*.mp4
**/*
*/*
*/*.mp4
*/*/*.mp4
train/*
train/**
train/**/*.webm
./*.mp4
./**/er/*.mp4
val/../*.webm
**/train/*
**/deep
tr*/d*/e?/*.mp4
{a,b}.mp4
{train,val}/**/*.mp4
{train/deep,val}/**/*.{mp4,webm}
*.{mp4,webm}
v{1..12}.mp4
v{01..03}.mp4
{a..c}.mp4
[ab].mp4
[!ab].mp4
[^ab].mp4
[a-c]*.mp4
[[:digit:]]*
v[[:digit:]].mp4
*[[:digit:]].mp4
test (old)/*
*/1.mp4
test*(old)/[12].mp4
c (?).mp4
+c*
*^*
\\"?\\".mp4
!*
\\[z\\]*
clip ?.mp4
ä*
*🎬*
t\\rai[n]/\\1.mp4
?.*
.h*
.*/*.mp4
**/.cache/*
train/.c*/*.mp4
link/*.mp4
nothing*
none/*.mp4`.split('\n');

  for (const pattern of patterns) {
    it(`find what bash finds: ${pattern}`, async () => {
      const expected = await byBash(pattern, folder());
      const actual = await found([join(folder(), '.') + '/' + pattern]);
      const missing = [`FILE_NOT_FOUND ${folder()}/${pattern}`, `FILE_NOT_FOUND ${folder()}/none`];
      const names = actual.filter((name) => !missing.includes(name));
      assert.deepEqual(
        names.map((name) => name.slice(folder().length + 1).replace(/^\.\//, '')).sort(),
        expected.map((name) => name.replace(/^\.\//, '')).sort(),
      );
      assert.equal(actual.length > 0, true); // a pattern without a match says so
    });
  }

  it('are those names only that are no files', async () => {
    assert.deepEqual(await found([join(folder(), '{x,y}.mp4')]), [join(folder(), '{x,y}.mp4')]);
    assert.deepEqual(await found([join(folder(), '[z].mp4')]), [join(folder(), '[z].mp4')]);
    assert.deepEqual(await found([join(folder(), '[z].txt')]), [join(folder(), '[z].txt')]);
    assert.deepEqual(await found([join(folder(), '[y].mp4')]), [`FILE_NOT_FOUND ${join(folder(), '[y].mp4')}`]);
    for (const plain of ['a.mp4', 'clip (1).mp4', 'a+b!.mp4', '\\*.mp4', 'a{b}c', '{', '[', ']', '~', '@(a)']) {
      assert.equal(patternOf(plain), undefined, plain);
    }
  });

  it('may be longer than a path, and not without end', async () => {
    const at = (name: string): string => join(folder(), name);
    const many = Array.from({ length: 2000 }, (_, index) => `none${index}`).join(',');
    assert.deepEqual(await found([at(`{${many},a}.mp4`)]), [at('a.mp4')]);
    for (const name of [`*${'a'.repeat(30_000)}`, 'v{1..10001}.mp4']) {
      assert.deepEqual(await found([at(name), at('a.mp4')]), [`INVALID_ARGUMENT ${at(name)}`, at('a.mp4')]);
    }
    assert.deepEqual(await found(['a'.repeat(5000)]), ['a'.repeat(5000)]);
  });

  it('begin in the folder that they name', () => {
    const folderOf = (text: string): string | undefined => patternOf(text)?.folder;
    assert.equal(folderOf('*.mp4'), '');
    assert.equal(folderOf('/*.mp4'), '/');
    assert.equal(folderOf('./*'), '.');
    assert.equal(folderOf('../clips/\\*/a (1)/*/b'), '../clips/*/a (1)');
    assert.equal(folderOf('{a,b}/c'), '');
  });

  it('go into no folder that cannot have what they name', () => {
    const leads = (text: string, ...path: string[]): boolean =>
      patternOf(text)?.pattern.leadsTo(path.join('/')) === true;
    assert.ok(leads('*/train/*.mp4', 'a'));
    assert.ok(leads('*/train/*.mp4', 'a', 'train'));
    assert.ok(!leads('*/train/*.mp4', 'a', 'val'));
    assert.ok(!leads('*/train/*.mp4', 'a', 'train', 'b'));
    assert.ok(!leads('*.mp4', 'a'));
    assert.ok(!leads('**/a.mp4', '.git'));
    assert.ok(leads('**/.git/*', '.git'));
    assert.ok(leads('**/a.mp4', 'x', 'y'));
  });
});
