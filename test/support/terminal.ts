import { execFile } from 'node:child_process';

import { inRoot } from './paths';
import { python } from './python';
import { Screen } from './screen';

/** What a program did in a terminal of its own. */
export interface Shown {
  code: number;
  /** As it was written. */
  output: string;
  /**
   * The screen, each time just before something on it was erased or its size changed; but for what the terminal itself
   * made of it by changing its size.
   */
  pictures: { columns: number; lines: string[] }[];
  /** The screen at the end. */
  screen: Screen;
}

const erasing = /(?=\r\u001b\[J)|(?=\u001b\[8;\d+;\d+t)/u; // eslint-disable-line no-control-regex -- they are looked for

/**
 * Runs a program in a terminal with test/reference/terminal.py, and looks at what is on its screen.
 *
 * @param options - Those of the script.
 */
export async function inTerminal(
  line: readonly string[],
  { columns = 80, options = [] as string[], env = {}, cwd = undefined as string | undefined } = {},
): Promise<Shown> {
  const script = [inRoot('test', 'reference', 'terminal.py'), '--columns', String(columns), ...options, '--', ...line];
  const surroundings = { ...process.env, TERM: 'xterm-256color', NO_COLOR: '', ...env };
  const { code, output } = await new Promise<{ code: number; output: string }>((resolve) => {
    execFile(python, script, { env: surroundings, cwd, maxBuffer: 64 << 20 }, (error, stdout) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout });
    });
  });
  const screen = new Screen(columns);
  const pictures: Shown['pictures'] = [];
  let rewrapped = true; // nothing is there at first
  for (const part of output.split(erasing)) {
    if (!rewrapped) pictures.push({ columns: screen.columns, lines: screen.lines });
    screen.write(part);
    rewrapped = part.startsWith('\u001b[8');
  }
  return { code, output, pictures, screen };
}
