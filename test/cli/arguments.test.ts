import assert from 'node:assert/strict';

import {
  UsageError,
  amount,
  deviceName,
  listOf,
  oneOf,
  parse,
  parseOptions,
  positiveNumber,
  secondsFrom,
  wholeNumber,
} from '#lib/cli/base/arguments';

const options = { top: { type: 'string' }, json: { type: 'boolean' } } as const;

function refuses(work: () => unknown, message: RegExp): void {
  assert.throws(work, (error: unknown) => error instanceof UsageError && message.test(error.message));
}

describe('arguments', () => {
  it('are options and files in any order', () => {
    const { values, files } = parse(['a.mp4', '--top', '3', 'b.mp4', '--json', '--', '--top.mp4'], options);
    assert.deepEqual({ ...values }, { top: '3', json: true });
    assert.deepEqual(files, ['a.mp4', 'b.mp4', '--top.mp4']);
  });

  it('that make no sense are refused in one line with a hint', () => {
    refuses(() => parse(['--tpo', '3', 'a'], options), /^unknown option '--tpo' \(did you mean '--top'\?\)$/);
    refuses(() => parse(['-x', 'a'], options), /^unknown option '-x'$/);
    refuses(() => parse(['--banana', 'a'], options), /^unknown option '--banana'$/);
    refuses(() => parse(['a', '--top'], options), /^[^\n]*'--top <value>' argument missing/);
    refuses(() => parse(['--json=yes', 'a'], options), /^[^\n]*'--json' does not take an argument/);
    refuses(() => parse([], options), /^name at least one FILE$/);
    refuses(() => parse(['--json'], options), /^name at least one FILE$/);
    refuses(() => parse([''], options), /^a FILE has an empty name$/);
  });

  it('are options only for a command without files', () => {
    assert.deepEqual({ ...parseOptions(['--json'], options) }, { json: true });
    refuses(() => parseOptions(['a.mp4'], options), /^takes options only, not 'a\.mp4'$/);
    refuses(() => parseOptions(['--', '--json'], options), /^takes options only, not '--json'$/);
    refuses(() => parseOptions(['--tpo', '1'], options), /^unknown option '--tpo' \(did you mean '--top'\?\)$/);
  });

  it('are numbers where they should be', () => {
    assert.equal(wholeNumber('top', undefined, 20), undefined);
    assert.equal(wholeNumber('top', '12', 20), 12);
    for (const value of ['0', '-1', '1.5', 'x', '', '1e1', '0x5', '21']) {
      refuses(() => wholeNumber('top', value, 20), /^--top takes a whole number from 1 to 20, not/);
    }
    assert.equal(positiveNumber('fps', '29.97'), 29.97);
    for (const value of ['0', '-1', 'x', '', 'Infinity', '1001']) {
      refuses(() => positiveNumber('fps', value), /^--fps takes a number above 0 and up to 1000, not/);
    }
  });

  it('are seconds, or lists', () => {
    assert.equal(secondsFrom('start', undefined), undefined);
    assert.equal(secondsFrom('start', '0'), 0);
    assert.equal(secondsFrom('start', '1.25'), 1.25);
    for (const [text, seconds] of [
      ['00:00:01', 1],
      ['0:01:30.5', 90.5],
      ['1:30', 90],
      ['90:00', 5400],
      ['25:00:00', 90_000],
      ['0:0', 0],
    ] as const) {
      assert.equal(secondsFrom('start', text), seconds, text);
    }
    for (const value of [
      '-1',
      'x',
      '',
      '.',
      '1e3',
      '1.2.3',
      'Infinity',
      ':',
      '1:',
      ':1',
      '1:60',
      '1:60:00',
      '1:2:3:4',
      '1:-2',
    ]) {
      refuses(() => secondsFrom('start', value), /^--start takes seconds from 0 on, such as .*, not/);
    }
    assert.deepEqual(listOf('timestamps', '1,0.5', secondsFrom), [1, 0.5]);
    refuses(() => listOf('timestamps', '1,', secondsFrom), /^--timestamps takes seconds from 0 on, .*not ''$/);
    assert.equal(wholeNumber('stream', '0', 5, 0), 0);
    refuses(() => wholeNumber('stream', '6', 5, 0), /^--stream takes a whole number from 0 to 5, not '6'$/);
  });

  it('are amounts, short or long', () => {
    for (const [text, number] of [
      ['1', 1],
      ['1000000000', 1e9],
      ['1G', 1e9],
      ['1.5g', 1.5e9],
      ['1.001k', 1001],
      ['2Ki', 2048],
      ['1gi', 2 ** 30],
      ['3T', 3e12],
    ] as const) {
      assert.equal(amount('limit bytes=', text, Number.MAX_SAFE_INTEGER), number, text);
    }
    for (const text of ['', '0', 'G', '1.5', '1.0001k', '-1', '1e9', '1GB', '1 G', '9e9', '10000T', '1P']) {
      refuses(() => amount('limit bytes=', text, Number.MAX_SAFE_INTEGER), /^--limit bytes= takes a whole number/);
    }
  });

  it('name a device', () => {
    assert.equal(deviceName(undefined), undefined);
    for (const name of ['cpu', 'cuda', 'cuda:1', 'auto']) assert.equal(deviceName(name), name);
    for (const name of ['gpu', 'cuda:x', '']) {
      refuses(() => deviceName(name), /^--device takes cpu, cuda, cuda:0 \(or another number\) or auto, not '/);
    }
  });

  it('are one of a few words', () => {
    assert.equal(oneOf('sampling', 'spread', ['trained', 'spread']), 'spread');
    assert.equal(oneOf('sampling', undefined, ['trained']), undefined);
    refuses(() => oneOf('sampling', 'x', ['trained', 'spread']), /^--sampling takes one of trained, spread, not 'x'$/);
    refuses(() => oneOf('recipe', 'blog', ['tutorial']), /^--recipe takes tutorial, not 'blog'$/);
  });
});
