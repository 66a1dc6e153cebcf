import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { promisify } from 'node:util';

import { UsageError } from '#lib/cli/base/arguments';
import { entriesOf } from '#lib/cli/folder/entries';

import { rejectsWith } from '../../support/rejects';
import { suiteFolder } from '../../support/temp';
import { found } from './found';

const run = promisify(execFile);

describe('lists of files', () => {
  const folder = suiteFolder('list');

  /** What a list names, which comes in pieces of so many bytes. */
  const listed = (text: string, piece = Infinity): Promise<string[]> => {
    const bytes = Buffer.from(text, 'latin1');
    const size = Math.min(piece, Math.max(1, bytes.length));
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => {
      return bytes.subarray(index * size, (index + 1) * size);
    });
    return found([], { list: '-', stdin: Readable.from(pieces, { objectMode: false }) });
  };

  for (const [what, text, names] of [
    ['lines', 'a.mp4\nb c.mp4\n', ['a.mp4', 'b c.mp4']],
    ['lines without an end', 'a.mp4\nb.mp4', ['a.mp4', 'b.mp4']],
    ['one name alone', 'a.mp4', ['a.mp4']],
    ['lines of Windows', 'a.mp4\r\nb.mp4\r\n\r\nc.mp4\r', ['a.mp4', 'b.mp4', 'c.mp4']],
    ['empty lines', '\n\na.mp4\n\n', ['a.mp4']],
    ['blanks', ' a.mp4 \n', [' a.mp4 ']],
    ['other names than files have', '*.mp4\n-\n--top\n', ['*.mp4', '-', '--top']],
    ['nothing', '', []],
    ['bytes that are no UTF-8', 'a\xff\xc3.mp4\n\xc3\xa4.mp4\n', ['a\\xff\\xc3.mp4', 'ä.mp4']],
  ] as [string, string, string[]][]) {
    it(`may have ${what}, in pieces of any size`, async () => {
      for (const piece of [Infinity, 1, 2, 3]) assert.deepEqual(await listed(text, piece), names);
    });
  }

  it('may have NULs between names, which may then have ends of lines in them', async () => {
    assert.deepEqual(await listed('a.mp4\0b\n.mp4\0\0c\r\0'), ['a.mp4', 'b\n.mp4', 'c\r']);
    assert.deepEqual(await listed('a\nb.mp4\0c.mp4'), ['a\nb.mp4', 'c.mp4']);
    assert.deepEqual(await listed('a.mp4\0b.mp4', 1), ['a.mp4', 'b.mp4']);
  });

  it('name what the find program found, and folders', async () => {
    const tree = await mkdtemp(join(folder(), 'tree-'));
    await mkdir(join(tree, 'sub\nfolder'));
    for (const name of ['b.mp4', 'a.mp4', 'sub\nfolder/c.mp4']) await writeFile(join(tree, name), '');
    const { stdout } = await run('find', [tree, '-type', 'f', '-print0'], { encoding: 'latin1' });
    assert.deepEqual(await listed(stdout), stdout.split('\0').slice(0, -1));

    const list = join(folder(), 'list');
    await writeFile(list, `${join(tree, 'b.mp4')}\0${tree}\0`);
    const all = execFileSync('sh', ['-c', 'find "$0" -type f -print0 | LC_ALL=C sort -z', tree], { encoding: 'utf8' });
    assert.deepEqual(await found(['first.mp4'], { list }), [
      'first.mp4',
      join(tree, 'b.mp4'),
      ...all.split('\0').slice(0, -1),
    ]);
  });

  it('are read no further than need be, and given up', async () => {
    let pieces = 0;
    const stdin = Readable.from(
      (function* () {
        for (;;) yield Buffer.from(`${++pieces}.mp4\n`);
      })(),
      { objectMode: false, highWaterMark: 64 },
    );
    const names: string[] = [];
    for await (const { name } of entriesOf([], { list: '-', stdin })) {
      names.push(name);
      if (names.length === 100) break;
    }
    assert.equal(names.at(-1), '100.mp4');
    assert.ok(pieces < 200, String(pieces));
    assert.ok(stdin.destroyed);
  });

  it('end when the signal says so, also while they are waited for', async () => {
    const controller = new AbortController();
    const stdin = new PassThrough();
    const entries = entriesOf(['x.mp4'], { list: '-', stdin, signal: controller.signal })[Symbol.asyncIterator]();
    stdin.write('a.mp4\n');
    assert.equal(((await entries.next()).value as { name: string }).name, 'x.mp4');
    assert.equal(((await entries.next()).value as { name: string }).name, 'a.mp4');
    const waiting = entries.next();
    controller.abort();
    assert.equal((await waiting).done, true);
    assert.ok(stdin.destroyed);
    const unread = new PassThrough();
    assert.deepEqual(await found([], { list: '-', stdin: unread, signal: controller.signal }), []);
    assert.ok(unread.destroyed);
  });

  it('that cannot be read to their end reject', async () => {
    await rejectsWith(found([], { list: join(folder(), 'none') }), 'FILE_NOT_FOUND', /none: ENOENT/);
    await rejectsWith(found([], { list: folder() }), 'READ_FAILED', /EISDIR/);
    const stdin = new PassThrough();
    stdin.write('a.mp4\nb');
    stdin.destroy(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' }));
    await rejectsWith(found([], { list: '-', stdin }), 'READ_FAILED', /EIO/);
    const endless = Readable.from([Buffer.alloc(1 << 20, 'a'), Buffer.from('a')], { objectMode: false });
    await rejectsWith(found([], { list: '-', stdin: endless }), 'INVALID_ARGUMENT', /^- is not a list of names/);
  });

  it('do not share standard input', () => {
    assert.throws(() => entriesOf(['-'], { list: '-' }), UsageError);
    assert.throws(() => entriesOf(['-', 'a.mp4', '-']), UsageError);
  });
});
