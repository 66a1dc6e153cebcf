import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { type Interface, createInterface } from 'node:readline';

import { inRoot } from './paths';

/** The virtual environment with the reference implementations, which setup makes for the tests. */
export const python = inRoot('.venv', 'bin', 'python');

interface Answer {
  code: number;
  stdout: string;
  stderr: string;
}

/** test/reference/server.py, started by the first test that needs it; it ends with this process. */
class Server {
  private readonly child: ChildProcessByStdio<Socket, Socket, null>;
  private readonly lines: Interface;
  private last: Promise<unknown> = Promise.resolve();

  constructor() {
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', HF_HUB_OFFLINE: '1', TRANSFORMERS_VERBOSITY: 'error' };
    const script = inRoot('test', 'reference', 'server.py');
    this.child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'], env }) as typeof this.child; // pipes are sockets
    for (const idle of [this.child, this.child.stdin, this.child.stdout]) idle.unref();
    this.lines = createInterface({ input: this.child.stdout });
  }

  /** One script at a time, in the order of the calls. */
  run(script: string, args: string[]): Promise<Answer> {
    const answer = this.last.then(() => this.ask(JSON.stringify({ script, args })));
    this.last = answer.catch(() => undefined);
    return answer;
  }

  private async ask(request: string): Promise<Answer> {
    this.child.stdout.ref(); // only who waits for an answer keeps this process alive
    try {
      return await new Promise<Answer>((resolve, reject) => {
        const died = (): void => {
          reject(new Error('the Python process of the references ended early'));
        };
        this.child.once('close', died);
        this.lines.once('line', (line) => {
          this.child.off('close', died);
          resolve(JSON.parse(line) as Answer);
        });
        this.child.stdin.write(`${request}\n`);
      });
    } finally {
      this.child.stdout.unref();
    }
  }
}

let server: Server | undefined;

/**
 * Runs a script below the repository's root and gives what it printed as JSON; fails with what it wrote to stderr.
 */
export async function runPython(script: string, ...args: string[]): Promise<unknown> {
  server ??= new Server();
  const { code, stdout, stderr } = await server.run(inRoot(script), args);
  assert.equal(code, 0, `${script} ended with ${code}:\n${stderr}`);
  return stdout.trim() === '' ? undefined : JSON.parse(stdout);
}
