import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, it } from 'mocha';

import { askToInstall, installCommand, NEEDS, packageManager, packagesFor } from '../../scripts/setup/packages.mjs';
import { isOlder, readFacts, unsupported } from '../../scripts/setup/platform.mjs';
import { fingerprint, readStamp, writeStamp } from '../../scripts/setup/stamp.mjs';

describe('setup: the platform', () => {
  const good = { platform: 'linux', arch: 'x64', node: '20.0.0', glibc: '2.28' };

  it('accepts the oldest that is supported, and this machine', () => {
    assert.equal(unsupported(good), undefined);
    assert.equal(unsupported(readFacts()), undefined);
  });

  const others = [
    ['macOS', { platform: 'darwin', arch: 'arm64', glibc: undefined }, /Linux x64 only.*macOS/],
    ['Windows', { platform: 'win32', glibc: undefined }, /Linux x64 only.*Windows/],
    ['FreeBSD', { platform: 'freebsd', glibc: undefined }, /Linux x64 only.*freebsd/],
    ['arm64', { arch: 'arm64' }, /Linux x64 only.*arm64/],
    ['musl', { glibc: undefined }, /glibc.*Alpine/],
    ['an old glibc', { glibc: '2.27' }, /glibc 2\.28 or newer.*2\.27/],
    ['an old Node.js', { node: '18.20.4' }, /Node\.js 20 or newer.*18\.20\.4/],
  ];
  for (const [name, facts, expected] of others) {
    it(`refuses ${name} in one sentence`, () => {
      const sentence = unsupported({ ...good, ...facts });
      assert.match(sentence, expected);
      assert.doesNotMatch(sentence, /\n/);
    });
  }

  it('asks for a later Node.js where the tests are to run', () => {
    assert.equal(unsupported({ ...good, node: '20.19.0' }, { tests: true }), undefined);
    assert.match(unsupported({ ...good, node: '20.18.3' }, { tests: true }), /tests.*20\.19 or newer.*20\.18\.3/);
  });

  it('compares versions by their numbers', () => {
    assert.equal(isOlder('3.9', '3.24'), true);
    assert.equal(isOlder('3.24', '3.24'), false);
    assert.equal(isOlder('3.24.1', '3.24'), false);
    assert.equal(isOlder('4.0', '3.24'), false);
    assert.equal(isOlder('3', '3.1'), true);
  });
});

describe('setup: packages', () => {
  it('knows the package manager of a distribution and of its relatives', () => {
    assert.equal(packageManager('ID=debian\n'), 'apt');
    assert.equal(packageManager('NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n'), 'apt');
    assert.equal(packageManager('ID="rocky"\nID_LIKE="rhel centos fedora"\n'), 'dnf');
    assert.equal(packageManager('ID=manjaro\nID_LIKE=arch\n'), 'pacman');
    assert.equal(packageManager('ID="opensuse-leap"\nID_LIKE="suse opensuse"\n'), 'zypper');
    assert.equal(packageManager('ID=void\n'), undefined);
    assert.equal(packageManager(''), undefined);
  });

  it('names a package for every need and every package manager', () => {
    for (const manager of ['apt', 'dnf', 'pacman', 'zypper']) {
      for (const need of NEEDS) assert.ok(packagesFor(manager, [need]).every(Boolean), `${manager}: ${need.what}`);
    }
  });

  const libav = NEEDS.filter((need) => need.what.startsWith('lib'));

  it('names a package once, however many needs it meets', () => {
    assert.deepEqual(packagesFor('pacman', libav), ['ffmpeg']);
    assert.deepEqual(packagesFor('apt', libav).length, 5);
  });

  it('prints the command to type, with sudo unless root', () => {
    const python = NEEDS.filter((need) => need.python);
    assert.equal(installCommand('apt', python, false), 'sudo apt-get install -y python3 python3-venv');
    assert.equal(installCommand('dnf', python, true), 'dnf install -y python3');
    assert.match(askToInstall('pacman', libav, false), /lacks libavformat[^]*\n\n {4}sudo pacman -S --needed ffmpeg$/);
  });

  it('says what is missing where it does not know the package manager', () => {
    assert.match(askToInstall(undefined, libav, true), /lacks libavformat of FFmpeg 5\.1 to 9/);
  });
});

describe('setup: stamps', () => {
  let folder;
  beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'tubelet-stamp-'))));
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  it('change with a file, its name, a new file and the text besides', () => {
    const seen = new Set();
    const note = (...extra) => seen.add(fingerprint([folder, path.join(folder, 'absent')], ...extra));
    note();
    fs.writeFileSync(path.join(folder, 'a'), '1');
    note();
    fs.writeFileSync(path.join(folder, 'a'), '2');
    note();
    fs.renameSync(path.join(folder, 'a'), path.join(folder, 'b'));
    note();
    note('release');
    assert.equal(seen.size, 5);
    note('release');
    assert.equal(seen.size, 5);
  });

  it('that are missing or half written vouch for nothing', () => {
    const file = path.join(folder, 'stamp.json');
    assert.deepEqual(readStamp(file), {});
    fs.writeFileSync(file, '{"sources": "ab');
    assert.deepEqual(readStamp(file), {});
    writeStamp(file, { sources: 'abc' });
    assert.deepEqual(readStamp(file), { sources: 'abc' });
  });
});

describe('setup: commands', () => {
  /** Runs a module's code in a process of its own. */
  function inProcess(code) {
    const shell = new URL('../../scripts/setup/shell.mjs', import.meta.url);
    const child = spawn(process.execPath, ['--input-type=module', '-e', `import { run } from '${shell}';\n${code}`]);
    const result = { child, output: '' };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (result.output += chunk));
    result.ended = new Promise((resolve) => child.on('close', (code) => resolve(code)));
    return result;
  }

  const step = `{ name: 'test', title: 'a test of setup', cwd: '.' }`;

  it('name the step, the command, their last words and the remedy when they fail', async () => {
    const run = inProcess(`
      await run(${step}, 'sh', ['-c', 'echo some words; exit 7'], { remedy: 'Do better.' }).catch((error) => {
        console.log(error.message);
      });`);
    assert.equal(await run.ended, 0);
    assert.match(run.output, /^a test of setup failed \(exit code 7\) in:\n {4}sh -c echo some words; exit 7\n/m);
    assert.match(run.output, /The last it said:\n {4}some words\n[^]*Do better\.$/m);
  });

  it('name a program that is not there', async () => {
    const run = inProcess(`await run(${step}, 'no-such-program', []).catch((error) => console.log(error.message));`);
    assert.equal(await run.ended, 0);
    assert.match(run.output, /failed \(spawn no-such-program ENOENT\)/);
  });

  it('end with setup when it is told to stop', async () => {
    const run = inProcess(`
      const ended = run(${step}, 'sleep', ['30']);
      console.log('started');
      await ended;`);
    await new Promise((resolve) => run.child.stdout.once('data', resolve));
    run.child.kill('SIGTERM');
    assert.equal(await run.ended, 143);
    assert.match(run.output, /Interrupted\. Run this again to go on\./);
  });
});
