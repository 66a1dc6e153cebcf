import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** How a child process ended and what it said on the way. */
export interface ChildRun {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** What it printed with `say`, by name; the last one of a name counts. */
  said: Map<string, unknown>;
  /** Milliseconds from each `say` to the end of the process. */
  sinceSaid: Map<string, number>;
  stderr: string;
}

/**
 * Runs test/process/children/NAME.ts in a process of its own until it ends, with `under` before its command line. One
 * that is still there after `limit` milliseconds is killed: its `signal` is then SIGKILL, which no test expects.
 */
export async function runChild(
  name: string,
  args: string[] = [],
  { limit = 120_000, node = [] as string[], env = {}, under = [] as string[] } = {},
): Promise<ChildRun> {
  const script = join(__dirname, 'children', `${name}.js`);
  const [program, ...line] = [...under, process.execPath, ...node, script, ...args] as [string, ...string[]];
  const child = spawn(program, line, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const killer = setTimeout(() => child.kill('SIGKILL'), limit);

  const heard: { event: string; value: unknown; at: number }[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { event, value } = JSON.parse(line) as { event: string; value: unknown };
    heard.push({ event, value, at: performance.now() });
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });

  const exited = new Promise<number>((resolve) => {
    child.once('exit', () => {
      resolve(performance.now());
    });
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(killer);
      void exited.then((end) => {
        resolve({
          code,
          signal,
          stderr,
          said: new Map(heard.map(({ event, value }) => [event, value])),
          sinceSaid: new Map(heard.map(({ event, at }) => [event, end - at])),
        });
      });
    });
  });
}
