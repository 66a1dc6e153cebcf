import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, it } from 'mocha';

import { ctest } from '../../scripts/test/cpp.mjs';
import { passes, withExitCode } from '../../scripts/test/shell.mjs';

describe('C++ tests are counted', () => {
  let folder;
  beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tubelet-ctest-'))));
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  /** What ctest itself makes of tests, each `[name, command, properties?]`. What fails is shown: that is kept from here. */
  async function outcome(...tests) {
    const lines = tests.flatMap(([name, command, properties]) => [
      `add_test(${name} ${command})`,
      ...(properties === undefined ? [] : [`set_tests_properties(${name} PROPERTIES ${properties})`]),
    ]);
    fs.writeFileSync(path.join(folder, 'CTestTestfile.cmake'), `${lines.join('\n')}\n`);
    const { log } = console;
    console.log = () => undefined;
    try {
      return await ctest(folder, {}, { quiet: true });
    } finally {
      console.log = log;
    }
  }

  const good = ['good', 'sh -c "exit 0"'];

  it('with those that pass and those that skip themselves', async () => {
    const skips = ['skips', 'sh -c "exit 77"', 'SKIP_RETURN_CODE 77'];
    const off = ['off', 'sh -c "exit 0"', 'DISABLED TRUE'];
    assert.deepEqual(await outcome(good, skips, off), { passed: 1, failed: 0, skipped: 2 });
  });

  for (const [what, ...test] of [
    ['fails', 'bad', 'sh -c "exit 1"'],
    ['crashes', 'crash', 'sh -c "kill -SEGV $$"'],
    ['takes too long', 'slow', 'sleep 60', 'TIMEOUT 0.2'],
    ['cannot be started', 'gone', '/nowhere/program'],
  ]) {
    it(`with one that ${what} as failed`, async () => {
      assert.deepEqual(await outcome(good, test), { passed: 1, failed: 1, skipped: 0 });
    });
  }

  it('as a failure where there are none', async () => {
    assert.deepEqual(await outcome(), { passed: 0, failed: 1, skipped: 0 });
  });

  it('as a failure when the runner fails though its report is all well', async () => {
    const counts = { passed: 3, failed: 0, skipped: 0 };
    assert.deepEqual(withExitCode(await passes('false', []), counts), { ...counts, failed: 1 });
    assert.deepEqual(withExitCode(await passes('true', []), counts), counts);
  });
});
