import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { lengthOf } from '#lib/cli/base/text';

import { folderOfClips, program } from '../../support/folder';
import { suiteFolder } from '../../support/temp';
import { type Shown, inTerminal } from '../../support/terminal';

const clips = 60;
const model = ['--model', 'motion-videomae'];
const bar = /^▕[█▏▎▍▌▋▊▉ ]+▏ {2} ?\d+ of 61 {3}\d failed {2} *[\d.]+% {2} *[-\d.]+\/s {2}ETA +(-|\d+:\d\d)$/;
const work = /^decode +\d+% {2}infer +\d+% {2}\S+\.mp4$/;

describe('a run in a terminal', function () {
  this.timeout(120_000);
  const suite = suiteFolder('terminal');
  before(async () => {
    await folderOfClips(join(suite(), 'clips'), clips);
    await writeFile(join(suite(), 'clips', '-.mp4'), 'no video');
  });

  function run(output: string, args: string[] = [], options: Parameters<typeof inTerminal>[1] = {}): Promise<Shown> {
    const line = [...program, 'classify', 'clips', ...model, '--output', output, ...args];
    return inTerminal(line, { cwd: suite(), ...options });
  }

  /** What stays: the failure, and the summary below it. */
  function assertSummary({ screen, code }: Shown, output: string): void {
    const lines = screen.history;
    assert.equal(code, 1, lines.join('\n'));
    assert.match(lines[0]!, /^clips\/-\.mp4: NOT_A_VIDEO: The file is not a video file\./);
    const start = lines.indexOf('Done: 61 videos, 1 failed');
    assert.match(lines.slice(0, start).join(''), /animated ?PNG\.$/);
    assert.match(lines[start + 1]!, /^ {2}time {6}\d+(\.\d s|:\d\d), [\d.]+\/s$/);
    assert.equal(lines[start + 2], '  failures  1 NOT_A_VIDEO');
    assert.match(lines[start + 3]!, /^ {2}slowest +[\d.]+ ms {2}clips\/\d+-[\w-]+\.mp4$/);
    assert.deepEqual(lines.slice(start + 6), [`  results   ${output}`, `  errors    ${output}.errors.jsonl`]);
  }

  for (const columns of [80, 200]) {
    it(`shows a bar and what it is at, in ${columns} columns`, async () => {
      const shown = await run(`${columns}.jsonl`, [], { columns });
      assertSummary(shown, `${columns}.jsonl`);
      const drawn = shown.pictures.map(({ lines }) => lines.slice(-2)).filter(([first = '']) => bar.test(first));
      assert.ok(drawn.length > 3, JSON.stringify(shown.pictures));
      for (const [first = '', second = ''] of drawn) {
        assert.match(second, work);
        for (const line of [first, second]) assert.ok(lengthOf(line) < columns, line);
      }
      const counts = drawn.map(([first = '']) => Number(/(\d+) of/.exec(first)?.[1]));
      assert.deepEqual(
        counts,
        counts.toSorted((a, b) => a - b),
      );
      assert.ok(shown.screen.styled);
    });
  }

  it('follows the terminal when it is resized, and leaves nothing of what was there', async () => {
    // More clips than can be done before all widths were seen, however fast or busy the machine: then it is interrupted.
    const many = 20_000;
    await folderOfClips(join(suite(), 'many'), many);
    const drawnTwice = ['--press', 'decode', '', '--press', 'decode', ''];
    const options = ['40', '120', '60'].flatMap((width) => [...drawnTwice, '--resize-at', 'decode', width]);
    const line = [...program, 'classify', 'many', ...model, '--output', 'resized.jsonl'];
    const { pictures, code, screen } = await inTerminal(line, {
      cwd: suite(),
      columns: 100,
      options: [...options, ...drawnTwice, '--press', 'decode', '^C'],
    });
    assert.equal(code, 130, screen.history.join('\n'));
    assert.equal(screen.history.filter((text) => text.startsWith('Interrupted: ')).length, 1);
    const displays = pictures.filter(({ lines }) => lines.some((text) => text.startsWith('decode')));
    assert.deepEqual([...new Set(displays.map(({ columns }) => columns))], [100, 40, 120, 60]);
    for (const { columns, lines } of displays) {
      // The display itself is never there twice, nor broken into more lines than it has.
      assert.equal(lines.filter((text) => text.includes(' failed')).length, 1, lines.join('\n'));
      assert.equal(lines.filter((text) => text.startsWith('decode')).length, 1, lines.join('\n'));
      for (const text of lines) assert.ok(lengthOf(text) <= columns);
    }
  });

  it('has no colours with NO_COLOR', async () => {
    const shown = await run('plain.jsonl', [], { env: { NO_COLOR: '1' } });
    assertSummary(shown, 'plain.jsonl');
    assert.ok(shown.pictures.some(({ lines }) => bar.test(lines.at(-2) ?? '')));
    assert.equal(shown.screen.styled, false);
  });

  it('writes plain lines in plain characters with TERM=dumb', async () => {
    const shown = await run('dumb.jsonl', [], { env: { TERM: 'dumb' } });
    assertSummary(shown, 'dumb.jsonl');
    assert.match(shown.output, /^(?:[ -~]*\r\n)+$/);
  });

  it('says nothing with --quiet, and with --json only the summary', async () => {
    const quiet = await run('quiet.jsonl', ['--quiet']);
    assert.deepEqual([quiet.code, quiet.output], [1, '']);
    const json = await run('json.jsonl', ['--quiet', '--json']);
    const { ending, items, failures } = JSON.parse(json.output) as Record<string, unknown>;
    assert.deepEqual({ ending, items, failures }, { ending: 'done', items: 61, failures: { NOT_A_VIDEO: 1 } });
  });

  it('shows how it goes beside results that go elsewhere, and not between those that are shown', async () => {
    const line = [...program, 'classify', 'clips', ...model];
    const elsewhere = await inTerminal(['sh', '-c', '"$@" > results', 'sh', ...line], { cwd: suite() });
    assert.ok(elsewhere.pictures.some(({ lines }) => bar.test(lines.at(-2) ?? '')));
    assert.ok(elsewhere.screen.history.includes('Done: 61 videos, 1 failed'));
    assert.equal((await readFile(join(suite(), 'results'), 'utf8')).trim().split('\n').length, clips + 1);

    const here = await inTerminal(line, { cwd: suite() });
    assert.equal(here.code, 1);
    assert.doesNotMatch(here.output, /▕|Done|ETA/);
    assert.match(here.screen.history.at(-1) ?? '', /^61 videos, 1 failed, in (\d+\.\d s|\d+:\d\d), [\d.]+\/s$/);
    assert.equal(here.output.match(/clips\/\d+-[\w-]+\.mp4/g)?.length, clips);
  });

  it('says after Ctrl-C what to type to go on, and that goes on', async () => {
    const options = ['--press', 'ETA', '^C'];
    const shown = await run("it's.jsonl", [], { options });
    const lines = shown.screen.history;
    assert.equal(shown.code, 130, lines.join('\n'));
    assert.ok(lines.includes('Finishing what has been begun; Ctrl-C again stops at once.'));
    assert.match(
      lines.find((line) => line.startsWith('Interrupted')) ?? '',
      /^Interrupted: \d+ of 61 videos, 1 failed$/,
    );
    const typed = lines
      .slice(lines.indexOf('To resume:') + 1)
      .join('')
      .replace('tubelet', '"$@"');
    assert.match(typed, /^ {2}"\$@" classify clips .* --output 'it'\\''s\.jsonl' --resume$/);
    const before = (await readFile(join(suite(), "it's.jsonl"), 'utf8')).split('\n').length - 1;
    assert.ok(before > 0 && before < clips);
    await promisify(execFile)('bash', ['-c', typed, 'bash', ...program], { cwd: suite() }).catch((error: unknown) => {
      assert.equal((error as { code: number }).code, 1); // of the file that is no video
    });
    const results = (await readFile(join(suite(), "it's.jsonl"), 'utf8')).trim().split('\n');
    const files = results.map((line) => (JSON.parse(line) as { file: string }).file);
    assert.equal(new Set(files).size, clips + 1);
    assert.equal(files.length, clips + 1);
  });

  it('ends as it should when its terminal goes away', async () => {
    const { code } = await run('gone.jsonl', [], { options: ['--hang-up', 'ETA'] });
    assert.equal(code, 129);
    const beside = (await readdir(suite())).filter((name) => name.startsWith('gone')).sort();
    assert.deepEqual(beside, ['gone.jsonl', 'gone.jsonl.errors.jsonl', 'gone.jsonl.run.json']);
    const text = await readFile(join(suite(), 'gone.jsonl'), 'utf8');
    for (const line of text.slice(0, -1).split('\n')) JSON.parse(line);
    const again = await run('gone.jsonl', ['--resume'], {});
    assert.equal(again.code, 1);
    assert.ok(again.screen.history.includes('Done: 61 videos, 1 failed'), again.output);
  });
});
