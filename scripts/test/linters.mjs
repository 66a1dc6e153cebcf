// The linters, each a title and a function that says whether all is well.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { inRoot, venv } from '../setup/paths.mjs';
import { ask } from '../setup/shell.mjs';
import { roomsAreInOrder } from './rooms.mjs';
import { passes, passesInParallel } from './shell.mjs';

const inVenv = (program) => path.join(venv, 'bin', program);
const node = (script, ...args) => passes(process.execPath, [inRoot('node_modules', ...script.split('/')), ...args]);

export function linters({ full }) {
  return [
    ['prettier', () => prettier('--check')],
    ['tsc', typeCheck],
    ['eslint', () => node('eslint/bin/eslint.js', '.')],
    ['rooms', roomsAreInOrder],
    ['clang-format', () => clangFormat('--dry-run', '-Werror')],
    ['ruff check', () => ruff('check')],
    ['ruff format', () => ruff('format', '--check')],
    ['clang-tidy', () => tidy({ full })],
  ];
}

/** What lays out every source as the linters want it. */
export const formatters = [
  () => prettier('--write'),
  () => clangFormat('-i'),
  () => ruff('check', '--fix'),
  () => ruff('format'),
];

const prettier = (mode) => node('prettier/bin/prettier.cjs', mode, '--log-level', 'warn', '.');
const clangFormat = (...mode) => passes(inVenv('clang-format'), [...mode, ...cppFiles(/\.(cc|h)$/)]);
const ruff = (...mode) => passes(inVenv('ruff'), [...mode, '--quiet']);

/** Compiles the tests, which has the library compiled first where that is not up to date. */
function typeCheck() {
  // From nothing, so that a test whose source is gone is not run.
  fs.rmSync(inRoot('build-test'), { recursive: true, force: true });
  return node('typescript/bin/tsc', '-b', 'test');
}

function cppFiles(pattern) {
  const { output } = ask('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'binding', 'test/cpp'], {
    cwd: inRoot(),
  });
  return output.split('\n').filter((file) => pattern.test(file) && fs.existsSync(inRoot(file)));
}

/** Torch's headers cost half a minute a file: what includes them is left to the full run. */
async function tidy({ full }) {
  if (!(await passes('cmake', ['--preset', 'tidy'], { quiet: true }))) return false;
  const files = cppFiles(full ? /\.cc$/ : /^binding\/(engine|video)\/.*\.cc$/);
  const commands = files.map((file) => [inVenv('clang-tidy'), ['-p', 'build-cmake/tidy', '--quiet', file]]);
  return passesInParallel(commands, os.availableParallelism());
}
