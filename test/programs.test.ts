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
    const comparisons = await compare();
    assert.ok(comparisons.length > 0);
    assert.deepEqual(
      comparisons.filter(({ problems }) => problems.length > 0),
      [],
    );
  });
});

interface Comparison {
  family: string;
  case: string;
  problems: string[];
}

/** The script exits with 1 when something differs, and says what on stdout. */
async function compare(): Promise<Comparison[]> {
  const script = inRoot('test', 'reference', 'programs.py');
  const { stdout } = await run(python, [script]).catch((error: unknown) => {
    if (error instanceof Error && 'stdout' in error && error.stdout !== '') return { stdout: String(error.stdout) };
    throw error;
  });
  return JSON.parse(stdout) as Comparison[];
}
