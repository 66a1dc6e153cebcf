// The C++ tests through ctest.

import fs from 'node:fs';
import path from 'node:path';

import { inRoot } from '../setup/paths.mjs';
import { buildJobs } from '../setup/platform.mjs';
import { fixtureFolder } from '../../test/fixtures/make.mjs';
import { passes, withExitCode } from './shell.mjs';

/** Builds the tests of a preset, whose folder is build-cmake/PRESET. */
export async function buildCppTests(preset) {
  return (
    (await passes('cmake', ['--preset', preset], { quiet: true })) &&
    (await passes('cmake', ['--build', '--preset', preset, '--parallel', String(buildJobs())], { quiet: true }))
  );
}

/** Runs the tests in a build folder and counts them. `seeds`: in how many ways each sound video has its bits flipped. */
export async function runCtest(folder, { seeds = 3 } = {}) {
  return ctest(inRoot(folder), { TUBELET_TEST_SEEDS: String(seeds), TUBELET_FIXTURES: await fixtureFolder() });
}

/** Runs ctest in a folder, in silence when `quiet` unless it fails. Its exit code counts as well as its report. */
export async function ctest(folder, env = {}, { quiet = false } = {}) {
  const report = path.join(folder, 'ctest.xml');
  fs.rmSync(report, { force: true });
  const args = ['--test-dir', folder, '--output-on-failure', '--no-tests=error', '--output-junit', report];
  const passed = await passes('ctest', args, { env, quiet });
  const counts = fs.existsSync(report)
    ? countJunit(fs.readFileSync(report, 'utf8'))
    : { passed: 0, failed: 0, skipped: 0 };
  return withExitCode(passed, counts);
}

/**
 * Counts the outcomes in a JUnit file as ctest writes it. A test that could not be started is `notrun` there, as is one that
 * skipped itself; only the latter says so by its exit code or its output.
 */
export function countJunit(xml) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const cases = /<testcase\b[^>]*\bstatus="(\w+)"[^>]*>(?:\s*<skipped message="([^"]*)")?/g;
  for (const [, status, reason = ''] of xml.matchAll(cases)) {
    const skipped = status === 'disabled' || (status === 'notrun' && reason.startsWith('SKIP_'));
    counts[status === 'run' ? 'passed' : skipped ? 'skipped' : 'failed']++;
  }
  return counts;
}
