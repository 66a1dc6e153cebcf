import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { basename, isAbsolute, join } from 'node:path';
import vm from 'node:vm';

import { inRoot } from '../support/paths';
import { suiteFolder } from '../support/temp';

/** The calls, which every realm makes: a script. */
const calls = fs.readFileSync(inRoot('test', 'realms', 'calls.js'), 'utf8');
const clip = inRoot('samples', 'zoom-in.mp4');

/** Milliseconds that the runners allow a test. */
const testTimeout = 60_000;

/** Loads CommonJS modules below `dist` into a context of their own; what they require from elsewhere is this realm's. */
function loadInto(context: vm.Context, file: string, loaded = new Map<string, { exports: unknown }>()): unknown {
  const known = loaded.get(file);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  loaded.set(file, module);
  const outer = createRequire(file);
  const inner = (name: string): unknown => {
    const target = outer.resolve(name);
    const isOurs = isAbsolute(target) && target.startsWith(inRoot('dist'));
    return isOurs ? loadInto(context, target, loaded) : outer(name);
  };
  const wrapper = `(function (exports, require, module, __filename, __dirname) {${fs.readFileSync(file, 'utf8')}\n})`;
  const run = vm.runInContext(wrapper, context, { filename: file }) as (...values: unknown[]) => void;
  run(module.exports, inner, module, file, join(file, '..'));
  return module.exports;
}

/** What Node gives to the global scope; the language's own, such as Error and Float32Array, each realm has for itself. */
function nodeGlobals(): Record<string, unknown> {
  const names = [
    ...['AbortController', 'AbortSignal', 'Blob', 'Buffer', 'Response', 'TextDecoder', 'TextEncoder', 'URL', 'console'],
    ...['clearTimeout', 'fetch', 'performance', 'process', 'queueMicrotask', 'setImmediate', 'setTimeout'],
  ];
  return Object.fromEntries(names.map((name) => [name, Reflect.get(globalThis, name)]));
}

describe('two realms of node:vm in one process', () => {
  for (const name of ['the first', 'the second']) {
    const context = vm.createContext({
      ...nodeGlobals(),
      assert,
      fs,
      clip,
      test: (title: string, body: () => Promise<void>) => it(`${name}: ${title}`, body),
    });
    context['tubelet'] = loadInto(context, inRoot('dist', 'index.js'));
    vm.runInContext(calls, context, { filename: 'calls.js' });
  }
});

describe('test runners', function () {
  this.timeout(240_000);
  const folder = suiteFolder('realms');

  before(async () => {
    await mkdir(join(folder(), 'node_modules'));
    await symlink(inRoot(), join(folder(), 'node_modules', 'tubelet'));
    await symlink(inRoot('node_modules', 'vitest'), join(folder(), 'node_modules', 'vitest'));
  });

  it('jest', async () => {
    const head = "const [fs, assert, tubelet] = ['node:fs', 'node:assert', 'tubelet'].map((name) => require(name));";
    const files = ['first', 'second'].map((name) => `${name}.jest.js`);
    const config = { testMatch: ['**/*.jest.js'], transform: {}, testTimeout };
    for (const file of files) await writeProject(file, head);
    await writeFile(join(folder(), 'package.json'), JSON.stringify({ name: 'with-jest', jest: config }));
    await runTests(
      inRoot('node_modules', 'jest', 'bin', 'jest.js'),
      ['--rootDir', folder(), '--runInBand', '--json'],
      files.length,
    );
  });

  it('vitest, in each of its pools', async () => {
    const head = ["import fs from 'node:fs'", "import assert from 'node:assert'", "import { test } from 'vitest'"];
    const files = ['first', 'second'].map((name) => `${name}.vitest.mjs`);
    for (const file of files) await writeProject(file, [...head, "import * as tubelet from 'tubelet'"].join(';\n'));
    const shared = {
      include: files,
      testTimeout,
      maxWorkers: 1, // one file after the other in one process
      server: { deps: { external: [inRoot('dist')] } }, // as what lies in node_modules and not behind a link
    };
    const pools = ['threads', 'forks', 'vmThreads', 'vmForks'];
    const projects = pools.map((pool) => ({ test: { name: pool, pool, ...shared } }));
    const config = `export default ${JSON.stringify({ test: { projects } })};`;
    await writeFile(join(folder(), 'vitest.config.mjs'), config);
    await runTests(
      inRoot('node_modules', 'vitest', 'vitest.mjs'),
      ['run', '--root', folder(), '--reporter=json'],
      pools.length * files.length,
    );
  });

  async function writeProject(file: string, head: string): Promise<void> {
    await writeFile(join(folder(), file), `${head}\nconst clip = ${JSON.stringify(clip)};\n${calls}`);
  }

  /** Runs a runner, whose report has jest's form, and expects all calls to succeed, in so many files. */
  async function runTests(runner: string, args: string[], files: number): Promise<void> {
    const report = join(folder(), `report of ${basename(runner)}.json`);
    const all = [runner, ...args, '--outputFile', report];
    const output = await new Promise<string>((resolve) => {
      execFile(process.execPath, all, { cwd: folder() }, (_error, stdout, stderr) => {
        resolve(stdout + stderr);
      });
    });
    assert.ok(fs.existsSync(report), output);
    const { numTotalTests, numPassedTests, success } = JSON.parse(await readFile(report, 'utf8')) as Record<
      string,
      unknown
    >;
    const wanted = files * (calls.match(/^test\(/gm)?.length ?? 0);
    assert.deepEqual(
      { numTotalTests, numPassedTests, success },
      { numTotalTests: wanted, numPassedTests: wanted, success: true },
      output,
    );
  }
});
