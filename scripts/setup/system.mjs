// The step that finds and, on Debian and as root, installs what comes from the system's packages.

import fs from 'node:fs';
import path from 'node:path';

import { findPython } from './interpreter.mjs';
import { askToInstall, NEEDS, packageManager, packagesFor } from './packages.mjs';
import { isOlder } from './platform.mjs';
import { ask, run, SetupError, which } from './shell.mjs';

const INCLUDE_FOLDERS = ['/usr/include', '/usr/local/include', ...(process.env.CPATH ?? '').split(':')].filter(Boolean);

const OS_RELEASE = '/etc/os-release';

const APT = {
  options: ['-y', '-o', 'Acquire::Retries=2', '-o', 'DPkg::Lock::Timeout=120'],
  run: {
    env: { DEBIAN_FRONTEND: 'noninteractive' },
    remedy: "Check the network and apt's list of sources, then run this again.",
  },
};

export function systemPackages({ tests, wantsPython }) {
  const wanted = NEEDS.filter((need) => (tests || !need.tests) && (wantsPython() || !need.python));
  const missing = () => wanted.filter((need) => !isMet(need));

  return {
    name: 'system',
    title: 'system packages',
    why() {
      const needs = missing();
      return needs.length > 0 ? needs.map((need) => need.what).join(', ') : undefined;
    },
    async make(step) {
      await install(step, missing());
      const still = missing();
      if (still.length > 0) throw new SetupError(explainUnmet(still));
    },
  };
}

function isMet({ programs, minimum, module, header, python }) {
  if (python) return findPython() !== undefined;
  if (module !== undefined) return ask('pkg-config', ['--exists', module]).ok;
  if (header !== undefined) return INCLUDE_FOLDERS.some((folder) => fs.existsSync(path.join(folder, header)));
  const program = programs.map(which).find(Boolean);
  return program !== undefined && (minimum === undefined || !isOlder(versionOf(program), minimum));
}

function versionOf(program) {
  return /\d+(\.\d+)+/.exec(ask(program, ['--version']).output)?.[0] ?? '0';
}

async function install(step, needs) {
  const manager = packageManager(fs.existsSync(OS_RELEASE) ? fs.readFileSync(OS_RELEASE, 'utf8') : '');
  const isRoot = process.getuid() === 0;
  if (manager !== 'apt' || !isRoot) throw new SetupError(askToInstall(manager, needs, isRoot));

  const packages = packagesFor(manager, needs);
  const apt = (...args) => run(step, 'apt-get', [...APT.options, ...args], APT.run);
  const update = () => apt('update');

  const candidates = ask('apt-cache', ['policy', ...packages]).output.match(/Candidate: (?!\(none\))/g) ?? [];
  const isListed = candidates.length === packages.length;
  if (!isListed) await update();
  try {
    await apt('install', '--no-install-recommends', ...packages);
  } catch (error) {
    // A list from long ago names packages that have been replaced since.
    if (!isListed) throw error;
    await update();
    await apt('install', '--no-install-recommends', ...packages);
  }
}

function explainUnmet(needs) {
  const found = needs.map(({ what, module, programs }) => {
    const version = module
      ? ask('pkg-config', ['--modversion', module.split(' ')[0]]).output
      : programs?.map(which).filter(Boolean).map(versionOf)[0];
    return `    ${what}: ${version ? `this system's packages have ${version}` : 'not found'}`;
  });
  return [
    "This system's packages do not meet what tubelet needs:",
    ...found,
    'Install these from elsewhere, where pkg-config and the PATH find them, then run this again.',
  ].join('\n');
}
