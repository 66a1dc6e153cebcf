// The C++ tests through ctest.

import fs from 'node:fs';

import { inRoot } from '../setup/paths.mjs';
import { buildJobs } from '../setup/platform.mjs';
import { fixtureFolder } from '../../test/fixtures/make.mjs';
import { passes } from './shell.mjs';

/** Builds the tests of a preset, whose folder is build-cmake/PRESET. */
export async function buildCppTests(preset) {
  return (
    (await passes('cmake', ['--preset', preset], { quiet: true })) &&
    (await passes('cmake', ['--build', '--preset', preset, '--parallel', String(buildJobs())], { quiet: true }))
  );
}

/** Runs the tests in a build folder and counts them. `seeds`: in how many ways each sound video has its bits flipped. */
export async function runCtest(folder, { seeds = 3 } = {}) {
  const report = inRoot(folder, 'ctest.xml');
  fs.rmSync(report, { force: true });
  const args = ['--test-dir', folder, '--output-on-failure', '--no-tests=error', '--output-junit', report];
  const env = { TUBELET_TEST_SEEDS: String(seeds), TUBELET_FIXTURES: await fixtureFolder() };
  const passed = await passes('ctest', args, { env });
  return fs.existsSync(report)
    ? countJunit(fs.readFileSync(report, 'utf8'))
    : { passed: 0, failed: passed ? 0 : 1, skipped: 0 };
}

/** Counts the outcomes in a JUnit file as ctest writes it: the totals are attributes of its one test suite. */
export function countJunit(xml) {
  const suite = /<testsuite\b[^>]*>/.exec(xml)?.[0] ?? '';
  const attribute = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const failed = attribute('failures') + attribute('errors');
  const skipped = attribute('skipped') + attribute('disabled');
  return { passed: attribute('tests') - failed - skipped, failed, skipped };
}
