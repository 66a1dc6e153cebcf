import assert from 'node:assert/strict';

import { movingLines, quietLine, showRun } from '#lib/cli/folder/progress';
import type { Snapshot } from '#lib/cli/folder/numbers';
import { lengthOf } from '#lib/cli/base/text';

import { until } from '../../support/waiting';
import { fakeSession } from '../session';

const snapshot: Snapshot = {
  items: 4321,
  failed: 12,
  total: 10_000,
  itemsPerSecond: 138.24,
  remaining: 41.08,
  busy: { decode: 0.984, infer: 0.61 },
  current: 'videos/2024/a rather long name of a folder/and of a clip (final version) 00123.mp4',
};

function drawn(columns: number, of: Partial<Snapshot> = {}): string[] {
  return movingLines({ ...snapshot, ...of }, fakeSession({ errorColumns: columns }));
}

describe('the progress of a run', () => {
  it('fits 80 columns', () => {
    assert.deepEqual(drawn(80), [
      '▕██████████             ▏   4321 of 10000   12 failed  43.2%   138/s  ETA  0:41',
      'decode  98%  infer  61%  …e of a folder/and of a clip (final version) 00123.mp4',
    ]);
  });

  it('fits 200 columns', () => {
    assert.deepEqual(drawn(200), [
      '▕█████████████████▎                      ▏   4321 of 10000   12 failed  43.2%   138/s  ETA  0:41',
      `decode  98%  infer  61%  ${snapshot.current}`,
    ]);
  });

  it('fits every other width, whatever there is to show', () => {
    const cases: Partial<Snapshot>[] = [
      {},
      { total: undefined, remaining: undefined },
      { items: 123_456_789, total: 987_654_321, failed: 12_345_678, remaining: 1e6 },
      { current: undefined },
      { current: '' },
      { current: 'é👩‍👩‍👧日本'.repeat(40) },
    ];
    for (const of of cases) {
      for (let columns = 1; columns <= 220; columns++) {
        const lines = drawn(columns, of);
        assert.equal(lines.length, 2);
        for (const line of lines) assert.ok(lengthOf(line) <= Math.max(1, columns - 1), `${columns}: ${line}`);
      }
    }
    assert.deepEqual(drawn(30), [' 4321 of 10000   12 failed', 'decode  98%  infer  61%']);
  });

  it('has neither bar nor end while nobody knows how many there are', () => {
    const [line] = drawn(80, { total: undefined, remaining: undefined });
    assert.equal(line, '4321 videos   12 failed   138/s');
  });

  it('stays in its columns whatever the numbers are', () => {
    const numbers: Partial<Snapshot>[] = [
      { items: 0, failed: 0, itemsPerSecond: 0, remaining: undefined },
      { items: 7, failed: 1, itemsPerSecond: 0.35, remaining: 3 },
      { items: 9999, failed: 999, itemsPerSecond: 12.3, remaining: 3599 },
      { items: 10_000, failed: 42, itemsPerSecond: 9999, remaining: 0 },
    ];
    const places = numbers.map((of) => {
      const [line = ''] = drawn(80, of);
      return [
        lengthOf(line),
        ...['▏ ', ' of 10000', ' failed', '%', '/s', 'ETA'].map((text) => line.lastIndexOf(text)),
      ];
    });
    for (const place of places) assert.deepEqual(place, places[0]);
  });

  it('shows a name as text that drives no terminal', () => {
    const [, line] = drawn(80, { current: 'a\u001b[2J\nb.mp4' });
    assert.equal(line, String.raw`decode  98%  infer  61%  a\u001b[2J\u000ab.mp4`);
  });

  it('has colours only where they are wanted', () => {
    // eslint-disable-next-line no-control-regex -- it is what is looked for
    const escape = /\u001b/;
    for (const line of drawn(80)) assert.doesNotMatch(line, escape);
    const coloured = movingLines(snapshot, fakeSession({ errorColor: true, color: false }));
    for (const line of coloured) assert.match(line, escape);
  });

  it('is one line elsewhere', () => {
    assert.equal(
      quietLine(snapshot),
      `4321 of 10000, 12 failed, 43.2%, 138/s, ETA 0:41, decode 98%, infer 61%, ${snapshot.current}`,
    );
    assert.equal(
      quietLine({ ...snapshot, failed: 0, total: undefined, remaining: undefined, current: undefined }),
      '4321 videos, 138/s, decode 98%, infer 61%',
    );
  });

  it('moves on a terminal, with the width of the moment, and leaves nothing behind', async () => {
    const shown: string[] = [];
    const session = fakeSession({ status: (text) => shown.push(text) });
    const { end } = showRun(session, () => snapshot, { moving: 1, quiet: 1 });
    await until(() => shown.length > 0, 'shown');
    session.errorColumns = 40;
    const wide = shown.length;
    await until(() => shown.length > wide + 1, 'shown again');
    end();
    const last = shown.length;
    assert.equal(shown.at(-1), '');
    assert.equal(shown[0], drawn(80).join('\n'));
    assert.equal(shown.at(-2), drawn(40).join('\n'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(shown.length, last);
    assert.deepEqual(session.complaints, []);
  });

  it('writes quiet lines where there is no terminal', async () => {
    const session = fakeSession();
    const { end } = showRun(session, () => snapshot, { moving: 1, quiet: 1 });
    await until(() => session.complaints.length > 1, 'two lines');
    end();
    assert.deepEqual([...new Set(session.complaints)], [quietLine(snapshot)]);
    assert.deepEqual(session.printed, []);
  });

  it('shows nothing as long as there is nothing to show', async () => {
    const shown: string[] = [];
    let looks = 0;
    const session = fakeSession({ status: (text) => shown.push(text) });
    const look = (): undefined => {
      looks++;
    };
    const { end } = showRun(session, look, { moving: 1, quiet: 1 });
    await until(() => looks > 2, 'looked');
    end();
    assert.deepEqual(shown, ['']);
  });
});
