// Which machines tubelet runs on. Pure apart from readFacts(), so that tests can play any machine.

import os from 'node:os';

// The oldest of each; mocha and eslint ask for a later Node.js than the package does.
const MINIMUM = { node: '20', nodeForTests: '20.19', glibc: '2.28' };

/** What decides whether this machine is supported. */
export function readFacts() {
  return {
    platform: process.platform,
    arch: process.arch,
    node: process.versions.node,
    glibc: glibcVersion(),
  };
}

function glibcVersion() {
  if (process.platform !== 'linux') return undefined;
  // Otherwise the report looks up the name of every network interface's address.
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime;
}

/** One sentence that says why this machine is not supported, or undefined when it is. */
export function unsupported({ platform, arch, node, glibc }, { tests = false } = {}) {
  const names = { darwin: 'macOS', win32: 'Windows' };
  if (platform !== 'linux') {
    return `tubelet runs on Linux x64 only so far; this is ${names[platform] ?? platform}.`;
  }
  if (arch !== 'x64') {
    return `tubelet runs on Linux x64 only so far; this is Linux on ${arch}.`;
  }
  if (glibc === undefined) {
    return 'tubelet needs glibc, which LibTorch is built for; this system (Alpine, perhaps) uses another C library.';
  }
  if (isOlder(glibc, MINIMUM.glibc)) {
    return `tubelet needs glibc ${MINIMUM.glibc} or newer, as LibTorch does; this system has ${glibc}.`;
  }
  if (isOlder(node, MINIMUM.node)) {
    return `tubelet needs Node.js ${MINIMUM.node} or newer; this is ${node}.`;
  }
  if (tests && isOlder(node, MINIMUM.nodeForTests)) {
    return `The tests of tubelet need Node.js ${MINIMUM.nodeForTests} or newer, as mocha does; this is ${node}.`;
  }
  return undefined;
}

/** Compares versions such as "3.25.1" part by part; parts that one lacks count as 0. */
export function isOlder(version, minimum) {
  const [left, right] = [version, minimum].map((text) => text.split('.').map((part) => Number.parseInt(part, 10) || 0));
  for (let i = 0; i < right.length; i++) {
    const difference = (left[i] ?? 0) - right[i];
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** How many compilations run at once: one of Torch's headers takes up to 2 GB of memory. */
export function buildJobs() {
  const byMemory = Math.floor(os.totalmem() / 2 ** 31);
  return Math.max(1, Math.min(os.cpus().length, byMemory));
}
