import assert from 'node:assert/strict';

import { UsageError } from '#lib/cli/base/arguments';
import { answerOptions, folderHelp, folderOf, resumeLine } from '#lib/cli/folder/options';

describe('the options of a run', () => {
  it('say which videos and where their results go', () => {
    assert.deepEqual(folderOf(['videos'], {}), {
      names: ['videos'],
      addresses: [],
      list: undefined,
      shard: undefined,
      output: undefined,
      resume: false,
      quiet: false,
      json: false,
    });
    const url = 'https://example.org/a.mp4';
    const values = {
      'files-from': '-',
      output: 'r.csv',
      resume: true,
      shard: '2/8',
      quiet: true,
      json: true,
      url: [url],
    };
    assert.deepEqual(folderOf([], values), {
      names: [],
      addresses: [{ name: url, video: new URL(url) }],
      list: '-',
      shard: { index: 2, count: 8 },
      output: 'r.csv',
      resume: true,
      quiet: true,
      json: true,
    });
  });

  for (const [what, names, values, message] of [
    ['--resume alone', ['a'], { resume: true }, /--resume continues an --output/],
    ['--retry-failed alone', ['a'], { 'retry-failed': true }, /--retry-failed continues an --output/],
    ['an address as a file', ['a', 'HTTPS://b/c.mp4'], {}, /'HTTPS:\/\/b\/c\.mp4' is an address: use --url HTTPS:/],
    ['no name of an output', ['a'], { output: '' }, /--output takes the name of a file/],
    ['no name of a list', ['a'], { 'files-from': '' }, /--files-from takes the name of a file, or -/],
    ['standard input twice', ['-'], { 'files-from': '-' }, /standard input can be read once only/],
    ['standard input twice over', ['-', '-'], {}, /standard input can be read once only/],
    ['a shard beyond all', ['a'], { shard: '9/8' }, /--shard takes i\/n/],
    ['an address of something else', ['a'], { url: ['file:///a'] }, /--url takes an address/],
  ] as const) {
    it(`make no sense: ${what}`, () => {
      assert.throws(
        () => folderOf(names, { ...values, url: 'url' in values ? [...values.url] : undefined }),
        (error) => error instanceof UsageError && message.test(error.message),
      );
    });
  }

  it('are explained in 80 columns', () => {
    for (const line of folderHelp.split('\n')) assert.ok(line.length <= 80, line);
  });

  it('that change answers are told from those that only end a call', () => {
    const { signal } = new AbortController();
    assert.deepEqual(answerOptions({ signal, timeoutMs: 5, limits: { bytes: 1 }, stream: 2, onCorrupt: undefined }), {
      stream: 2,
    });
  });
});

describe('the command line to go on with', () => {
  const { npm_command: command } = process.env;
  before(() => delete process.env['npm_command']);
  after(() => {
    if (command !== undefined) process.env['npm_command'] = command;
  });

  it('is what was typed, with --resume', () => {
    assert.equal(
      resumeLine('classify', ['my videos', '--output', 'r.jsonl']),
      "tubelet classify 'my videos' --output r.jsonl --resume",
    );
    assert.equal(resumeLine('embed', ['--resume', '--output', 'r', 'a']), 'tubelet embed --resume --output r a');
  });

  it('tries what failed again once only', () => {
    assert.equal(
      resumeLine('embed', ['a', '--retry-failed', '--output', 'r', '--', '--retry-failed']),
      'tubelet embed a --output r --resume -- --retry-failed',
    );
  });

  it('keeps apart what stands after --', () => {
    assert.equal(resumeLine('embed', ['--output', 'r', '--', '-a']), 'tubelet embed --output r --resume -- -a');
    assert.equal(
      resumeLine('embed', ['--output', 'r', '--', '--resume']),
      'tubelet embed --output r --resume -- --resume',
    );
  });
});
