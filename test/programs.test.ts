import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { inRoot } from './support/paths';
import { python } from './support/python';

const run = promisify(execFile);

describe('the programs', function () {
  this.timeout(600_000);

  it('are what their sources compile to', async () => {
    await run(python, [inRoot('scripts', 'compile_programs.py'), '--check']);
  });

  // At full size the comparison of whole models covers them.
  it('give what transformers gives, whatever the shapes', async () => {
    await findsNothing('programs.py');
  });

  it('make nothing on another device than that of their weights', async () => {
    await findsNothing('devices.py');
  });
});

interface Finding {
  family: string;
  case: string;
  problems: string[];
}

/** The script exits with 1 when it finds a problem, and says what on stdout. */
async function findsNothing(name: string): Promise<void> {
  const script = inRoot('test', 'reference', name);
  const { stdout } = await run(python, [script]).catch((error: unknown) => {
    if (error instanceof Error && 'stdout' in error && error.stdout !== '') return { stdout: String(error.stdout) };
    throw error;
  });
  const findings = JSON.parse(stdout) as Finding[];
  assert.ok(findings.length > 0);
  assert.deepEqual(
    findings.filter(({ problems }) => problems.length > 0),
    [],
  );
}
