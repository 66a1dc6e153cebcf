import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

import { inRoot } from '../support/paths';

/** So many windows that the call is in the middle of them for a long while. */
const args = ['classify', inRoot('samples', 'nasa_13013.mp4'), '--model', 'motion-videomae', '--windows', '1/0.0005'];

interface Line {
  windows?: { start: number; end: number }[];
  segments?: unknown[];
  warnings?: string[];
  error?: { code: string };
}

function run(...more: string[]): { child: ReturnType<typeof spawn>; ended: Promise<{ code: number; lines: Line[] }> } {
  const child = spawn(process.execPath, [inRoot('bin', 'tubelet.mjs'), ...args, '--json', ...more]);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = once(child, 'close').then(([code]) => ({
    code: code as number,
    lines: output
      .trimEnd()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line),
  }));
  return { child, ended };
}

function assertSoFar({ windows, segments, warnings }: Line): void {
  assert.ok(windows!.length > 0 && segments!.length > 0);
  assert.match(warnings!.join(), /^It ended early: these are the windows up to \d:\d\d\.\d{3}\.$/);
}

describe('one video with windows on the command line', function () {
  this.timeout(120_000);

  it('is printed as far as it has come when its time is up', async () => {
    const { code, lines } = await run('--timeout', '5').ended;
    assert.equal(code, 1);
    assert.equal(lines.length, 2);
    assertSoFar(lines[0]!);
    assert.equal(lines[1]?.error?.code, 'TIMEOUT');
  });

  it('is printed as far as it has come after Ctrl-C', async () => {
    // A busy machine may not have come to the first window yet.
    for (let wait = 3000; ; wait *= 2) {
      const { child, ended } = run();
      await delay(wait);
      child.kill('SIGINT');
      const { code, lines } = await ended;
      assert.equal(code, 130);
      if (lines.length === 0 && wait < 30_000) continue;
      assert.equal(lines.length, 1);
      assertSoFar(lines[0]!);
      return;
    }
  });
});
