// The virtual environment: LibTorch for the build and at run time, and for the tests the references.

import fs from 'node:fs';
import path from 'node:path';

import { findPython } from './interpreter.mjs';
import { inRoot, root, venv, work } from './paths.mjs';
import { isTerminal, run } from './shell.mjs';
import { fingerprint, readStamp, writeStamp } from './stamp.mjs';

const TORCH = inRoot('scripts', 'setup', 'torch.txt');
const REFERENCES = inRoot('test', 'reference', 'requirements.txt');
const REFERENCES_ALONE = inRoot('test', 'reference', 'requirements-no-deps.txt');
const PEERS = inRoot('bench', 'requirements.txt');

const stampFile = path.join(venv, 'tubelet-setup.json');
const python = path.join(venv, 'bin', 'python');
// Kept outside the environment, which is emptied when it is made anew.
const unfinished = path.join(work, 'venv-unfinished');

// Not compiled to bytecode ahead: most of it is never imported, and that takes longer than the rest.
const PIP = '-m pip install --no-compile --disable-pip-version-check --retries 2 --timeout 30'.split(' ');
const REMEDY =
  'Check the network and the free disk space (LibTorch takes 1 GB, its CUDA build several), then run this again.';

export function torchStep() {
  return {
    name: 'libtorch',
    title: 'LibTorch (.venv)',
    why: () => brokenEnvironment() ?? outdated('torch', fingerprint([TORCH])),
    async make(step) {
      await inEnvironment(step, 'torch', fingerprint([TORCH]), async (pip) => {
        await pip('-r', TORCH);
      });
    },
  };
}

export function referencesStep() {
  const wanted = () => fingerprint([TORCH, REFERENCES, REFERENCES_ALONE]);
  return {
    name: 'references',
    title: 'references for tests',
    why: () => outdated('references', wanted()),
    async make(step) {
      await inEnvironment(step, 'references', wanted(), async (pip) => {
        // Anything that wants another torch would otherwise pull it in over the pinned one.
        await pip('-r', REFERENCES, '-c', TORCH);
        await pip('--no-deps', '-r', REFERENCES_ALONE);
      });
    },
  };
}

/** What only a benchmark compares with; on top of the references. */
export function peersStep() {
  const wanted = () => fingerprint([PEERS]);
  return {
    name: 'peers',
    title: 'peers for benchmarks',
    why: () => outdated('peers', wanted()),
    async make(step) {
      await inEnvironment(step, 'peers', wanted(), async (pip) => {
        await pip('--no-deps', '-r', PEERS);
      });
    },
  };
}

/** The torch folder of the virtual environment: LibTorch, as far as C++ is concerned. */
export function torchFolder() {
  const lib = path.join(venv, 'lib');
  const versions = fs.existsSync(lib) ? fs.readdirSync(lib) : [];
  return versions
    .map((version) => path.join(lib, version, 'site-packages', 'torch'))
    .find((folder) => fs.existsSync(path.join(folder, 'lib', 'libtorch_cpu.so')));
}

/** Why the environment must be made from nothing, or undefined when it can be built upon. */
function brokenEnvironment() {
  if (!fs.existsSync(python)) return 'there is none yet';
  if (fs.existsSync(unfinished)) return 'an installation was interrupted';
  const stamp = readStamp(stampFile);
  if (stamp.root !== undefined && stamp.root !== root) return 'the checkout has moved';
  const named = process.env.TUBELET_PYTHON;
  if (named && stamp.python !== undefined && stamp.python !== named) return 'TUBELET_PYTHON has changed';
  return undefined;
}

function outdated(part, wanted) {
  const stamp = readStamp(stampFile);
  if (stamp[part] === undefined) return 'not installed yet';
  if (stamp[part] !== wanted) return 'the pinned versions have changed';
  return torchFolder() === undefined ? 'libtorch_cpu.so is missing' : undefined;
}

/**
 * Installs one part. A mark stands for as long as pip works: a package that pip was killed in the middle of looks
 * installed to the next pip, so an environment with the mark is made anew.
 */
async function inEnvironment(step, part, wanted, install) {
  const broken = brokenEnvironment() !== undefined;
  const interpreter = broken ? findPython() : readStamp(stampFile).python;
  fs.writeFileSync(unfinished, '');
  if (broken) await run(step, interpreter, ['-m', 'venv', '--clear', venv]);
  const progress = isTerminal ? [] : ['--progress-bar', 'off'];
  await install((...args) => run(step, python, [...PIP, ...progress, ...args], { remedy: REMEDY }));
  writeStamp(stampFile, { ...readStamp(stampFile), root, python: interpreter, [part]: wanted });
  fs.rmSync(unfinished);
}
