// The steps that make something from this repository's own files: node packages, the addon and the JavaScript.

import fs from 'node:fs';
import path from 'node:path';

import { inRoot, root } from './paths.mjs';
import { buildJobs } from './platform.mjs';
import { torchFolder } from './python.mjs';
import { run, SetupError } from './shell.mjs';
import { fingerprint, readStamp, writeStamp } from './stamp.mjs';

export function nodePackages() {
  const stampFile = inRoot('node_modules', '.tubelet-setup.json');
  const wanted = () => fingerprint([inRoot('package-lock.json')]);
  return {
    name: 'npm',
    title: 'node packages',
    why() {
      const { lockfile } = readStamp(stampFile);
      if (lockfile === undefined) return 'not installed yet';
      return lockfile === wanted() ? undefined : 'package-lock.json has changed';
    },
    async make(step) {
      // Without install scripts: none is needed, and that of ffmpeg-static would download what the system has.
      const args = ['ci', '--ignore-scripts', '--loglevel=error', '--fetch-retries=2', '--fetch-timeout=30000'];
      const npm = process.env.npm_execpath;
      const command = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
      await run(step, command[0], [...command.slice(1), ...args], {
        remedy: 'Check the network and the free disk space, then run this again.',
      });
      writeStamp(stampFile, { lockfile: wanted() });
    },
  };
}

export function addon({ tests }) {
  const stampFile = inRoot('build', 'tubelet-setup.json');
  const products = ['build/Release/tubelet.node', 'build/loader/loader.node', 'build/runtime.json'];
  const sources = ['CMakeLists.txt', 'cmake', 'binding', 'test/cpp', 'node_modules/node-addon-api/package.json'];
  const wanted = () =>
    fingerprint(
      sources.map((name) => inRoot(name)),
      libtorch(),
    );
  return {
    name: 'addon',
    title: 'addon (C++)',
    why() {
      const stamp = readStamp(stampFile);
      if (stamp.sources === undefined) return 'not built yet';
      if (stamp.sources !== wanted()) return 'sources have changed';
      if (tests && !stamp.tests) return 'C++ tests not built yet';
      return products.every((file) => fs.existsSync(inRoot(file))) ? undefined : 'a product is missing';
    },
    async make(step) {
      discardForeignTree();
      // Taken before the build: what is edited meanwhile is built by the next run.
      const stamp = { sources: wanted(), tests: tests || readStamp(stampFile).tests === true };
      const cmakeJs = inRoot('node_modules', 'cmake-js', 'bin', 'cmake-js');
      const options = [`--CDTUBELET_LIBTORCH=${libtorch()}`, `--CDTUBELET_TESTS=${stamp.tests ? 'ON' : 'OFF'}`];
      await run(step, process.execPath, [cmakeJs, 'configure', ...options]);
      await run(step, process.execPath, [cmakeJs, 'build', '--parallel', String(buildJobs())]);
      writeStamp(stampFile, stamp);
    },
  };
}

export function javascript() {
  const stampFile = inRoot('dist', '.tubelet-setup.json');
  const sources = ['lib', 'tsconfig.json', 'tsconfig.base.json', 'node_modules/typescript/package.json'];
  const wanted = () => fingerprint(sources.map((name) => inRoot(name)));
  return {
    name: 'typescript',
    title: 'JavaScript (dist/)',
    why() {
      const stamp = readStamp(stampFile);
      if (stamp.sources === undefined) return 'not compiled yet';
      if (stamp.sources !== wanted()) return 'sources have changed';
      return fs.existsSync(inRoot('dist', 'index.js')) ? undefined : 'a product is missing';
    },
    async make(step) {
      const sourcesNow = wanted();
      // From nothing, so that what was once compiled from a file since removed does not stay behind.
      fs.rmSync(inRoot('dist'), { recursive: true, force: true });
      await run(step, process.execPath, [inRoot('node_modules', 'typescript', 'bin', 'tsc'), '-b']);
      writeStamp(stampFile, { sources: sourcesNow });
    },
  };
}

/** The LibTorch to build against and to run on. */
function libtorch() {
  const named = process.env.TUBELET_LIBTORCH && path.resolve(process.env.TUBELET_LIBTORCH);
  if (named && !fs.existsSync(`${named}/lib/libtorch_cpu.so`)) {
    throw new SetupError(`TUBELET_LIBTORCH is ${named}, where there is no lib/libtorch_cpu.so.`);
  }
  return named || (torchFolder() ?? '');
}

/** A build tree that came along from another folder, or from another generator, cannot be configured again. */
function discardForeignTree() {
  const cache = inRoot('build', 'CMakeCache.txt');
  if (!fs.existsSync(cache)) return;
  const text = fs.readFileSync(cache, 'utf8');
  const isOurs =
    text.includes(`CMAKE_HOME_DIRECTORY:INTERNAL=${root}\n`) && text.includes('CMAKE_GENERATOR:INTERNAL=Ninja\n');
  if (!isOurs) fs.rmSync(inRoot('build'), { recursive: true });
}
