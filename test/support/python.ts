import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { inRoot } from './paths';

/** The virtual environment with the reference implementations, which setup makes for the tests. */
export const python = inRoot('.venv', 'bin', 'python');

/**
 * Runs a script below the repository's root and gives what it printed as JSON; fails with what it wrote to stderr.
 */
export async function runPython(script: string, ...args: string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(python, [inRoot(script), ...args], {
    maxBuffer: 64 << 20,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', HF_HUB_OFFLINE: '1', TRANSFORMERS_VERBOSITY: 'error' },
  });
  return stdout.trim() === '' ? undefined : JSON.parse(stdout);
}
