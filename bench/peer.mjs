// Programs that do one thing over and over, asked over stdin and answering over stdout: bench/peers/peer.py has the
// protocol.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setup } from '../scripts/setup.mjs';
import { venv } from '../scripts/setup/paths.mjs';

const root = path.resolve(import.meta.dirname, '..');
const folder = path.join(root, 'bench', 'peers');
/** Long past the slowest answer. A program that is not done by then has hung, and gets SIGKILL. */
const PATIENCE_MS = 300_000;

/** The interpreter of the peers: TUBELET_PYTHON, which then must have it all, or that of the virtual environment. */
export async function peersPython() {
  if (process.env.TUBELET_PYTHON) return process.env.TUBELET_PYTHON;
  await setup({ tests: true, peers: true });
  return path.join(venv, 'bin', 'python');
}

/**
 * Starts the program `file` of bench/peers; `python` runs all but JavaScript. It has loaded what it needs when this
 * settles; `ready` is what it said then. Rejects when it does not start.
 */
export async function startPeer(python, file, args) {
  const interpreter = file.endsWith('.mjs') ? process.execPath : python;
  const child = spawn(interpreter, [path.join(folder, file), ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => undefined); // it has ended, which the missing answer shows
  let said = '';
  const end = new Promise((resolve) => {
    child.on('error', ({ message }) => resolve(message));
    child.on('close', (code, signal) => resolve(`it ended with ${code ?? signal}`));
  });
  child.stderr.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-2000)));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  const answer = async () => {
    const retries = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    const { value, done } = await lines.next();
    clearTimeout(retries);
    return done ? { error: `${await end}. ${said}`.trim() } : JSON.parse(value);
  };
  const ready = await answer();
  if (ready.error !== undefined) throw new Error(`bench/peers/${file} does not start: ${ready.error}`);
  return {
    ready,
    ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return answer();
    },
    stop: () => child.stdin.end(),
  };
}

/** The last line that a Python script of this repository prints. */
export async function printedBy(python, [script, ...args]) {
  const child = spawn(python, [path.join(root, script), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  const [code, printed, said] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (code !== 0) throw new Error(`${script} ended with ${code}: ${said.trim().split('\n').at(-1)}`);
  return printed.trim().split('\n').at(-1);
}
