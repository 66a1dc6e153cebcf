/**
 * Loads the native addon, and says what is missing when it cannot.
 *
 * The addon has no fixed place for LibTorch: a small loader addon first opens libtorch_cpu.so for the whole process, so
 * that the same addon runs on whichever LibTorch of its version the machine has.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import type { NativeBinding } from './binding';
import { TubeletError } from './errors';
import { packageRoot } from './package';

interface Loader {
  /** Opens a shared library for the whole process; throws the dynamic linker's own words. */
  open(path: string): void;
}

const load = createRequire(__filename);

let loaded: NativeBinding | undefined;

/**
 * The native addon, loaded at the first call.
 *
 * @throws TubeletError RUNTIME_NOT_FOUND: what was looked for, where, and the command that mends it. A later call tries
 *   again.
 */
export function binding(): NativeBinding {
  loaded ??= loadBinding();
  return loaded;
}

function loadBinding(): NativeBinding {
  const libtorch = findLibTorch();
  const library = join(libtorch.folder, 'lib', 'libtorch_cpu.so');
  attempt(`LibTorch (${library}, ${libtorch.origin})`, () => {
    const loader = load(join(packageRoot, 'build', 'loader', 'loader.node')) as Loader;
    loader.open(library);
  });
  return attempt(`the native addon (under ${packageRoot})`, () => {
    const nodeGypBuild = load('node-gyp-build') as (folder: string) => unknown;
    return nodeGypBuild(packageRoot) as NativeBinding;
  });
}

/** Where LibTorch lies and who said so. */
function findLibTorch(): { folder: string; origin: string } {
  const named = process.env['TUBELET_LIBTORCH'];
  if (named !== undefined && named !== '') return { folder: named, origin: 'named by TUBELET_LIBTORCH' };

  const file = join(packageRoot, 'build', 'runtime.json');
  return attempt(`${file}, which says where LibTorch lies`, () => {
    const { libtorch } = JSON.parse(readFileSync(file, 'utf8')) as { libtorch: string };
    return { folder: libtorch, origin: `named by ${file}` };
  });
}

function attempt<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TubeletError('RUNTIME_NOT_FOUND', `Cannot load ${what}: ${reason.trim()}\n${remedy()}`, { cause: error });
  }
}

function remedy(): string {
  const unsupported = unsupportedPlatform();
  if (unsupported !== undefined) return unsupported;
  return (
    `Run 'npm run setup' in ${packageRoot}: it installs what is missing and builds the addon. ` +
    'TUBELET_LIBTORCH names another LibTorch folder (the one with lib/ in it).'
  );
}

/** One sentence for a system that tubelet does not run on yet. */
function unsupportedPlatform(): string | undefined {
  const supported = 'tubelet runs on Linux x64 with glibc 2.28 or newer';
  const { platform, arch } = process;
  if (platform !== 'linux' || arch !== 'x64') return `${supported}; this is ${platform} ${arch}.`;

  // The report would look up the host names of open connections; nothing else here needs it.
  Object.assign(process.report, { excludeNetwork: true });
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  const glibc = header.glibcVersionRuntime;
  if (glibc === undefined) return `${supported}; this is a Linux without glibc (musl).`;
  const [major = 0, minor = 0] = glibc.split('.').map(Number);
  return major > 2 || minor >= 28 ? undefined : `${supported}; this one has glibc ${glibc}.`;
}
