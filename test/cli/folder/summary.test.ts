import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

import { Numbers } from '#lib/cli/folder/numbers';
import { commandLine } from '#lib/cli/folder/shell';
import { summaryJson, summaryLines, totalLine } from '#lib/cli/folder/summary';

import { fakeSession } from '../session';

function ended(before = { items: 0, failed: 0 }): Numbers {
  const numbers = new Numbers(before, 0);
  numbers.total = 5000;
  numbers.succeeded({ file: 'videos/long.mp4', milliseconds: 1234.4 });
  numbers.succeeded({ file: `videos/${'deep/'.repeat(20)}short.mp4`, milliseconds: 81.23 });
  numbers.hasFailed('NOT_A_VIDEO');
  numbers.hasFailed('TRUNCATED_VIDEO');
  numbers.hasFailed('TRUNCATED_VIDEO');
  numbers.end(14_400);
  return numbers;
}

describe('the summary of a run', () => {
  const session = fakeSession();

  it('says what was done, what failed, what was slow and where the results are', () => {
    const facts = { ending: 'done', numbers: ended(), output: 'r.jsonl', resume: undefined } as const;
    assert.deepEqual(summaryLines(facts, session), [
      'Done: 5 videos, 3 failed',
      '  time      14.4 s, 0.35/s',
      '  failures  2 TRUNCATED_VIDEO',
      '            1 NOT_A_VIDEO',
      '  slowest   1234 ms  videos/long.mp4',
      `            81.2 ms  …${`videos/${'deep/'.repeat(20)}short.mp4`.slice(-57)}`,
      '  results   r.jsonl',
      '  errors    r.jsonl.errors.jsonl',
    ]);
  });

  it('counts what earlier runs have done, and says how to go on', () => {
    const facts = {
      ending: 'interrupted',
      numbers: ended({ items: 1000, failed: 7 }),
      output: 'r.jsonl',
      resume: 'tubelet classify videos --output r.jsonl --resume',
    } as const;
    const lines = summaryLines(facts, session);
    assert.equal(lines[0], 'Interrupted: 1005 of 5000 videos, 10 failed');
    assert.deepEqual(lines.slice(1, 3), ['  before    1000, 7 failed', '  now       5 in 14.4 s, 0.35/s']);
    assert.deepEqual(lines.slice(-2), ['To resume:', '  tubelet classify videos --output r.jsonl --resume']);
  });

  it('names what a table will be made of as long as the table is not there', () => {
    for (const ending of ['interrupted', 'stopped'] as const) {
      const facts = { ending, numbers: ended(), output: 'r.csv', resume: 'again' } as const;
      assert.ok(summaryLines(facts, session).includes('  so far    r.csv.journal.jsonl'));
      assert.ok(!summaryLines(facts, session).some((line) => line.endsWith(' r.csv')));
      assert.equal((JSON.parse(summaryJson(facts)) as { results: string }).results, 'r.csv.journal.jsonl');
    }
  });

  it('is one line where results are shown', () => {
    const facts = { ending: 'done', numbers: ended() } as const;
    assert.equal(totalLine(facts), '5 videos, 3 failed, in 14.4 s, 0.35/s');
    assert.equal(totalLine({ ...facts, ending: 'interrupted' }), 'Interrupted: 5 videos, 3 failed, in 14.4 s, 0.35/s');
  });

  it('is short when all went well and nothing is in a file', () => {
    const numbers = new Numbers({ items: 0, failed: 0 }, 0);
    numbers.succeeded({ file: 'a.mp4', milliseconds: 12.3 });
    numbers.end(3_723_000);
    assert.deepEqual(summaryLines({ ending: 'done', numbers, output: undefined, resume: undefined }, session), [
      'Done: 1 video, 0 failed',
      '  time      1:02:03, 0.00/s',
      '  slowest   12.3 ms  a.mp4',
    ]);
  });

  it('fits every width of 40 and more', () => {
    const facts = { ending: 'done', numbers: ended(), output: 'r.jsonl', resume: undefined } as const;
    for (let columns = 40; columns <= 200; columns++) {
      for (const line of summaryLines(facts, fakeSession({ errorColumns: columns }))) {
        assert.ok(line.length < columns, `${columns}: ${line}`);
      }
    }
  });

  it('is one line of JSON for a program', () => {
    const facts = { ending: 'done', numbers: ended(), output: 'r.csv', resume: undefined } as const;
    const summary = JSON.parse(summaryJson(facts)) as Record<string, unknown>;
    assert.deepEqual(
      { ...summary, slowest: undefined },
      {
        ending: 'done',
        items: 5,
        failed: 3,
        failures: { NOT_A_VIDEO: 1, TRUNCATED_VIDEO: 2 },
        before: { items: 0, failed: 0 },
        seconds: 14.4,
        itemsPerSecond: 5 / 14.4,
        slowest: undefined,
        output: 'r.csv',
        results: 'r.csv',
        errors: 'r.csv.errors.jsonl',
      },
    );
    assert.equal((summary['slowest'] as unknown[]).length, 2);
  });
});

describe('a command line to type', () => {
  it('means the same words to a shell', () => {
    const words = [
      'a',
      'a b',
      "it's",
      '$HOME',
      '*.mp4',
      '',
      'new\nline',
      'esc\u001b[2J',
      String.raw`\n`,
      `'"\\\t!`,
      'é👩‍👩‍👧',
    ];
    const text = execFileSync('bash', ['-c', `printf '%s\\0' ${commandLine(words)}`], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    });
    assert.deepEqual(text.split('\0').slice(0, -1), words);
    // eslint-disable-next-line no-control-regex -- it is what is looked for
    assert.doesNotMatch(commandLine(words), /[\u0000-\u001f]/);
  });

  it('is as it was typed where nothing needs to be quoted', () => {
    const words = ['tubelet', 'classify', './a-b_c.mp4', '--shard', '1/2', '--output=x,y'];
    assert.equal(commandLine(words), words.join(' '));
  });
});
