// A process that reads clips, asked over stdin and answering over stdout; bench/peers/peer.py has the protocol.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';

const peers = path.resolve(import.meta.dirname, 'peers');
/** Long past the slowest read. Whoever is not done by then hangs. */
const PATIENCE_MS = 300_000;

/** Starts one for a clip; it is ready, its libraries loaded, when this settles. `python` runs all but tubelet. */
export async function startReader(tool, python, { path: clip, stream }) {
  const program =
    tool === 'tubelet'
      ? [process.execPath, path.join(peers, 'read_tubelet.mjs')]
      : [python, path.join(peers, `read_${tool.toLowerCase()}.py`)];
  const args = [...program.slice(1), clip, ...(stream === undefined ? [] : ['--stream', String(stream)])];
  const child = spawn(program[0], args, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => undefined); // it has ended, which the missing answer tells
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (said = (said + text).slice(-2000)));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  const answer = async () => {
    const patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    const { value, done } = await lines.next();
    clearTimeout(patience);
    return done ? { error: `the process ended or hung. ${said}`.trim() } : JSON.parse(value);
  };
  const { error } = await answer();
  if (error !== undefined) throw new Error(`${tool} does not start: ${error}`);
  return {
    tool,
    read(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return answer();
    },
    stop: () => child.stdin.end(),
  };
}
