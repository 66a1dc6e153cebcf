/**
 * Loads the native addon, and says what is missing when it cannot.
 *
 * The addon has no fixed place for LibTorch: a small loader addon first opens libtorch_cpu.so for the whole process, so
 * that the same addon runs on whichever LibTorch of its version the machine has. In a CUDA build libtorch_cuda.so lies
 * beside it: LibTorch asks once in a process whether it is there, and so it is opened at once, too.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { TubeletError, messageOf } from '../base/errors';
import { packageRoot } from '../base/package';
import type { NativeBinding } from './binding';

interface Loader {
  /** Opens a shared library for the whole process; throws the dynamic linker's own words. */
  open(path: string): void;
  /** The same on another thread. */
  openInBackground(path: string): Promise<void>;
}

const load = createRequire(__filename);

let loaded: NativeBinding | undefined;
let opening: Promise<void> | undefined;

/**
 * The native addon. The first call opens LibTorch in the background: that takes a third of a second, more when the disk
 * is slow, and the event loop must not wait for it.
 *
 * @throws TubeletError RUNTIME_NOT_FOUND: what was looked for, where, and the command that mends it. A later call tries
 *   again.
 */
export async function openBinding(): Promise<NativeBinding> {
  if (loaded !== undefined) return loaded;
  opening ??= openLibTorch().finally(() => {
    opening = undefined;
  });
  await opening;
  return binding();
}

/** The same at once: a call that comes before {@link openBinding} has finished blocks. */
export function binding(): NativeBinding {
  loaded ??= loadBinding();
  return loaded;
}

async function openLibTorch(): Promise<void> {
  const { library, cuda, what } = findLibTorch();
  try {
    await loader().openInBackground(library);
  } catch (error) {
    throw notFound(what, error);
  }
  // Without its CUDA half LibTorch runs on the CPU; who asks for a GPU hears why there is none.
  if (cuda !== undefined)
    await loader()
      .openInBackground(cuda)
      .catch(() => undefined);
}

function loadBinding(): NativeBinding {
  const { library, cuda, what } = findLibTorch();
  attempt(what, () => {
    loader().open(library); // at once when it is open already
  });
  if (cuda !== undefined) openIfPossible(cuda);
  return attempt(`the native addon (under ${packageRoot})`, () => {
    const nodeGypBuild = load('node-gyp-build') as (folder: string) => unknown;
    return nodeGypBuild(packageRoot) as NativeBinding;
  });
}

function openIfPossible(library: string): void {
  try {
    loader().open(library);
  } catch {
    // as in openLibTorch
  }
}

/** Beside a build of one's own, or beside the prebuilt addon. */
function loader(): Loader {
  const built = join(packageRoot, 'build', 'loader', 'loader.node');
  const prebuilt = join(packageRoot, 'prebuilds', 'loader', `${process.platform}-${process.arch}.node`);
  return load(existsSync(built) || !existsSync(prebuilt) ? built : prebuilt) as Loader;
}

/** Where LibTorch lies, its CUDA half if it has one, and who said so. */
function findLibTorch(): { library: string; cuda: string | undefined; what: string } {
  const { folder, origin } = libTorchFolder();
  const library = join(folder, 'lib', 'libtorch_cpu.so');
  const cuda = join(folder, 'lib', 'libtorch_cuda.so');
  return { library, cuda: existsSync(cuda) ? cuda : undefined, what: `LibTorch (${library}, ${origin})` };
}

function libTorchFolder(): { folder: string; origin: string } {
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
    throw notFound(what, error);
  }
}

function notFound(what: string, error: unknown): TubeletError {
  const reason = messageOf(error);
  return new TubeletError('RUNTIME_NOT_FOUND', `Cannot load ${what}: ${reason.trim()}\n${remedy()}`, { cause: error });
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
