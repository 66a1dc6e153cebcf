import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { type Interface, createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

import { inRoot } from './paths';

/** The virtual environment with the reference implementations, which setup makes for the tests. */
export const python = inRoot('.venv', 'bin', 'python');

interface Answer {
  code: number;
  stdout: string;
  stderr: string;
}

/** A child's pipes are sockets, which may keep this process alive or not. */
function unref(pipe: Readable | Writable): void {
  if (pipe instanceof Socket) pipe.unref();
}

function ref(pipe: Readable): void {
  if (pipe instanceof Socket) pipe.ref();
}

/** test/reference/server.py, started by the first test that needs it; it ends with this process. */
class Server {
  private readonly child: ChildProcessByStdio<Writable, Readable, null>;
  private readonly lines: Interface;
  private last: Promise<unknown> = Promise.resolve();

  constructor() {
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', HF_HUB_OFFLINE: '1', TRANSFORMERS_VERBOSITY: 'error' };
    const script = inRoot('test', 'reference', 'server.py');
    this.child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'], env });
    this.child.unref();
    unref(this.child.stdin);
    unref(this.child.stdout);
    this.lines = createInterface({ input: this.child.stdout });
  }

  /** One script at a time, in the order of the calls. */
  run(script: string, args: string[]): Promise<Answer> {
    const answer = this.last.then(() => this.ask(JSON.stringify({ script, args })));
    this.last = answer.catch(() => undefined);
    return answer;
  }

  private async ask(request: string): Promise<Answer> {
    ref(this.child.stdout); // only who waits for an answer keeps this process alive
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
      unref(this.child.stdout);
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
