// Everything that proves the repository sound: setup, then linters, C++ tests and mocha.
//
// `npm test`; with --full also what takes long, with --lint the linters only. One failure hides no other: every check
// runs, and the exit code says whether all passed. The last line is the sum of ctest and mocha.

import { setup } from './setup.mjs';
import { buildCppTests, runCtest } from './test/cpp.mjs';
import { linters } from './test/linters.mjs';
import { runMocha } from './test/mocha.mjs';

const full = process.argv.includes('--full');
const lintOnly = process.argv.includes('--lint');

await setup({ tests: true });

const results = [];
const totals = { passed: 0, failed: 0, skipped: 0 };

/** Runs one check, which returns whether it passed or how many of its tests did. */
async function check(title, body) {
  console.log(`\n── ${title} ${'─'.repeat(Math.max(0, 76 - title.length))}`);
  const started = performance.now();
  const outcome = await body();
  const seconds = (performance.now() - started) / 1000;

  if (typeof outcome === 'boolean') return results.push({ title, passed: outcome, seconds, counts: '' });
  for (const key of Object.keys(totals)) totals[key] += outcome[key];
  const { passed, failed, skipped } = outcome;
  const counts = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  results.push({ title, passed: failed === 0 && !(mustNotSkip && skipped > 0), seconds, counts });
}

// A test that skips itself where it should run proves nothing.
const mustNotSkip = process.env.CI === 'true';

for (const [title, body] of linters({ full })) await check(title, body);

if (!lintOnly) {
  await check('C++ tests', () => runCtest('build'));
  if (full) {
    await check('C++ tests, sanitised: build', () => buildCppTests('asan'));
    await check('C++ tests, sanitised', () => runCtest('build-cmake/asan', { seeds: 20 }));
  }
  await check('mocha', () => runMocha('.mocharc.json'));
  if (full) await check('mocha, long', () => runMocha('test/full/.mocharc.json'));
}

console.log('\n── summary');
for (const { title, passed, seconds, counts } of results) {
  console.log(`${passed ? '✓' : '✗'} ${title.padEnd(30)} ${seconds.toFixed(1).padStart(7)} s  ${counts}`.trimEnd());
}
if (results.some((result) => !result.passed)) process.exitCode = 1;
if (!lintOnly) {
  const skippedCount = mustNotSkip ? totals.skipped : 0;
  console.log(`\n${totals.passed} passed, ${totals.failed + skippedCount} failed`);
}
