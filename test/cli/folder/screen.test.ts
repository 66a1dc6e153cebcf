import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { inRoot } from '../../support/paths';
import { Screen } from '../../support/screen';

const run = promisify(execFile);

/** What is seen of text on a screen of a few rows. */
function seen(text: string, columns = 10, rows = 4): string[] {
  const screen = new Screen(columns, rows);
  // In two pieces, wherever they fall apart: sequences are cut in two as well.
  const middle = text.length >> 1;
  screen.write(text.slice(0, middle));
  screen.write(text.slice(middle));
  return screen.lines;
}

describe('the screen that tests look at', () => {
  for (const [name, text, lines] of [
    ['begins a line anew', 'one\rtwo!', ['two!']],
    ['erases to the end', 'a longer\rline\u001b[K', ['line']],
    ['erases a line', 'one\r\ntwo\u001b[2K', ['one']],
    ['goes up', 'one\r\ntwo\r\n\u001b[2Asix', ['six', 'two']],
    ['erases what is below', 'one\r\ntwo\r\nten\u001b[1A\r\u001b[J!', ['one', '!']],
    ['wraps', '0123456789ab', ['0123456789', 'ab']],
    ['wraps only when there is more', '0123456789\r\nab', ['0123456789', 'ab']],
    ['scrolls', '1\r\n2\r\n3\r\n4\r\n5', ['2', '3', '4', '5']],
    ['goes no further up than its top', '1\r\n2\r\n3\r\n4\r\n5\u001b[9A\rx', ['x', '3', '4', '5']],
    ['cuts off when told so', '\u001b[?7l0123456789ab\u001b[?7h', ['012345678b']],
    ['passes over styles', '\u001b[1mbold\u001b[22m', ['bold']],
  ] as [string, string, string[]][]) {
    it(name, () => {
      assert.deepEqual(seen(text), lines);
    });
  }

  it('wraps anew when its width changes', () => {
    const screen = new Screen(10, 4);
    screen.write('0123456789ab\r\n\rtail');
    screen.write('\u001b[8;4;6t');
    assert.deepEqual(screen.lines, ['012345', '6789ab', 'tail']);
    screen.write('!');
    screen.resize(20);
    assert.deepEqual(screen.lines, ['0123456789ab', 'tail!']);
  });

  it('knows when it does not know', () => {
    assert.throws(() => seen('\u001b[3S'), /unknown sequence/);
    assert.throws(() => seen('\t'), /unknown control/);
  });

  it('sees what bash writes to a real terminal that is resized', async () => {
    const script = 'trap "stty size; exit 7" WINCH; printf "%70s\\n" end; echo ready; while :; do sleep 0.02; done';
    const python = inRoot('.venv', 'bin', 'python');
    const options = ['--limit', '30', '--columns', '60', '--resize-at', 'ready', '50', '--', 'bash', '-c', script];
    const { stdout, code } = await run(python, [inRoot('test', 'reference', 'terminal.py'), ...options]).then(
      ({ stdout }) => ({ stdout, code: 0 }),
      (error: unknown) => error as { stdout: string; code: number },
    );
    assert.equal(code, 7);
    const screen = new Screen(60);
    screen.write(stdout);
    assert.deepEqual(screen.lines, ['', `${' '.repeat(17)}end`, 'ready', '24 50']);
  });
});
