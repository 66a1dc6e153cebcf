import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { promisify } from 'node:util';

import { entriesOf } from '#lib/cli/folder/entries';
import { probe } from '#lib/index';

import { samples } from '../../support/samples';
import { suiteFolder } from '../../support/temp';
import { allOf, found } from './found';

const run = promisify(execFile);

/** What `find` finds, in the order of bytes: what tubelet takes, where all files are called `.mp4`. */
async function byFind(folder: string): Promise<string[]> {
  const visible = `find "$0" -name '.?*' -prune -o \\( -type f -o -xtype f \\) -print0 | LC_ALL=C sort -z`;
  const { stdout } = await run('bash', ['-c', visible, folder], { maxBuffer: 1 << 26 });
  return stdout.split('\0').slice(0, -1);
}

describe('what a command line names', function () {
  this.timeout(60_000);
  const folder = suiteFolder('entries');

  /** A folder with empty files, and folders as they need them. */
  const treeOf = async (...files: string[]): Promise<string> => {
    const tree = await mkdtemp(join(folder(), 'tree-'));
    for (const file of files) {
      await mkdir(join(tree, file, '..'), { recursive: true });
      await writeFile(join(tree, file), '');
    }
    return tree;
  };

  const names = [
    'b.mp4',
    'a.mp4',
    'Z.mp4',
    'a/x.mp4',
    'a-b.mp4',
    'a b/line\nfeed.mp4',
    'a/a/a.mp4',
    'a.d/1.mp4',
    '10.mp4',
    '9.mp4',
    'ä.mp4',
    '日本/語.mp4',
    '\uffee.mp4', // before the next one by its bytes, after it by its UTF-16
    '🎬.mp4',
    'tab\t.mp4',
    'back\\slash.mp4',
    '*.mp4',
    '.hidden.mp4',
    '.hidden/x.mp4',
    'a/.git/x.mp4',
  ];

  it('in a folder is what the find program finds, in the order of bytes', async () => {
    const tree = await treeOf(...names);
    await symlink(join(tree, 'b.mp4'), join(tree, 'a', 'link.mp4'));
    await symlink(tree, join(tree, 'a', 'loop'));
    await symlink('..', join(tree, 'a', 'up'));
    for (const written of [tree, `${tree}/`]) {
      const expected = await byFind(written);
      assert.equal(expected.length, names.length - 3 + 1);
      assert.deepEqual(await found([written]), expected);
    }
    const linked = join(folder(), 'linked');
    await symlink(tree, linked);
    assert.deepEqual(await found([linked]), await byFind(`${linked}/`)); // one that is named is followed
  });

  it('is the same however many files are in a folder', async () => {
    const tree = await treeOf('5/a.mp4', '50/b.mp4');
    // In no order: the system gives them as it likes.
    await run('bash', [
      '-c',
      'cd "$0" && for i in {1..8400}; do echo $((i * 7919 % 9001)).mp4; done | xargs touch',
      tree,
    ]);
    const expected = await byFind(tree);
    assert.equal(expected.length, 8402);
    assert.deepEqual(await found([tree]), expected);
  });

  it('is found as deep as paths go, and told of where they go further', async () => {
    const tree = await treeOf(`${'d/'.repeat(400)}x.mp4`);
    const deepest = join(tree, 'd/'.repeat(400));
    assert.deepEqual(await found([tree]), [`${deepest}x.mp4`]);
    const name = 'n'.repeat(250);
    // The last of them is beyond the longest path that can be opened, which has 4095 bytes.
    const count = Math.ceil((4097 - deepest.length) / 251);
    await run('bash', [
      '-c',
      'cd "$0" && for i in $(seq $1); do mkdir $2 && cd $2; done',
      deepest,
      String(count),
      name,
    ]);
    const tooDeep = deepest + Array.from({ length: count }, () => name).join('/');
    assert.deepEqual(await found([tree]), [`READ_FAILED ${tooDeep}`, `${deepest}x.mp4`]);
    await run('rm', ['-r', tree]); // which Node cannot
  });

  it('is read no further ahead than asked for', async () => {
    const tree = await treeOf('a.mp4', 'b/b.mp4', 'c/c.mp4', 'd/d.mp4');
    const entries = entriesOf([tree])[Symbol.asyncIterator]();
    const next = async (): Promise<string> => {
      const entry = (await entries.next()).value as { name: string; error?: Error };
      return `${entry.name.slice(tree.length)} ${entry.error?.message ?? ''}`;
    };
    assert.equal(await next(), '/a.mp4 ');
    await writeFile(join(tree, 'b', 'a.mp4'), '');
    await rm(join(tree, 'c'), { recursive: true });
    assert.equal(await next(), '/b/a.mp4 ');
    assert.equal(await next(), '/b/b.mp4 ');
    assert.match(await next(), /^\/c Cannot read this folder: ENOENT/);
    assert.equal(await next(), '/d/d.mp4 ');
    assert.equal((await entries.next()).done, true);
  });

  it('is in the order of the names, and files are taken as they are', async () => {
    const tree = await treeOf('b.mp4', 'notes.txt', '.hidden', 'sub/c.mp4', 'empty/notes.txt');
    const at = (name: string): string => join(tree, name);
    const written = ['notes.txt', 'sub', '.hidden', 'none.mp4', 'empty', 'b.mp4', 'b.mp4'].map(at);
    const stdin = new PassThrough();
    const address = { name: 'http://example.org/a', video: new URL('http://example.org/a') };
    const entries = await allOf([...written, '-'], { stdin, addresses: [address] });
    assert.deepEqual(
      entries.map(({ name, error }) => `${error?.code ?? ''}${name.replace(tree, '')}`),
      [
        '/notes.txt',
        '/sub/c.mp4',
        '/.hidden',
        '/none.mp4',
        'FILE_NOT_FOUND/empty',
        '/b.mp4',
        '/b.mp4',
        '-',
        'http://example.org/a',
      ],
    );
    assert.equal('video' in entries[7]! && entries[7].video, stdin);
    assert.equal(entries[8], address);
    assert.deepEqual(await found([]), []);
  });

  it('may have a name that is no UTF-8, and is read all the same', async () => {
    const tree = await treeOf();
    await copyFile(
      samples[0]!,
      Buffer.concat([Buffer.from(`${tree}/k`), Buffer.from([0xe4, 0xff]), Buffer.from('.mp4')]),
    );
    const [entry, ...others] = await allOf([tree]);
    assert.deepEqual(others, []);
    assert.equal(entry?.name, `${tree}/k\\xe4\\xff.mp4`);
    const result = await probe('video' in entry ? entry.video : '');
    assert.deepEqual(result, await probe(samples[0]!));
  });

  it('is told of where a folder cannot be read', async () => {
    const tree = await treeOf('a.mp4');
    const [entry] = await allOf([`${tree}/none/*.mp4`]);
    assert.match(entry?.error?.message ?? '', /^Cannot read this folder: ENOENT/);
    assert.equal(entry?.error?.code, 'FILE_NOT_FOUND');
  });

  it('is divided into shards, and what is wrong with a folder is told in each', async () => {
    const tree = await treeOf(...names);
    const empty = await treeOf('notes.txt');
    const shards = [1, 2, 3].map((index) => found([tree, empty], { shard: { index, count: 3 } }));
    const parts = await Promise.all(shards);
    assert.deepEqual(
      parts.map((part) => part.pop()),
      Array.from({ length: 3 }, () => `FILE_NOT_FOUND ${empty}`),
    );
    assert.ok(parts.every((part) => part.length > 0));
    assert.deepEqual(parts.flat().sort(), (await byFind(tree)).sort());
  });

  it('ends when the signal says so', async () => {
    const controller = new AbortController();
    const tree = await treeOf('a.mp4', 'b.mp4');
    const seen: string[] = [];
    for await (const { name } of entriesOf([tree, tree], { signal: controller.signal })) {
      seen.push(name);
      controller.abort();
    }
    assert.deepEqual(seen, [join(tree, 'a.mp4')]);
  });
});
