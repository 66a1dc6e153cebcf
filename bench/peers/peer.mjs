// What tubelet's own programs among the peers have in common: the protocol of peer.py.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** A module of the package that is not part of its surface. */
export const internal = (name) => import(path.resolve(import.meta.dirname, '..', '..', 'dist', `${name}.js`));

export async function serve(answer, ready = {}) {
  console.log(JSON.stringify({ ready: true, ...ready }));
  for await (const line of createInterface({ input: process.stdin })) {
    const reply = await answer(JSON.parse(line)).then(
      (figures) => ({ ...figures, peak: peakBytes() }),
      ({ code, message }) => ({ error: `${code}: ${message}` }),
    );
    console.log(JSON.stringify(reply));
  }
}

/** The most memory this process has had, in bytes. */
function peakBytes() {
  return Number(/^VmHWM:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
}
