// Finding a Python that can make a virtual environment with LibTorch's wheel in it.

import { ask, SetupError, which } from './shell.mjs';

const NEWEST_MINOR = 14;
const OLDEST_MINOR = 11;

// Debian's python3 lacks ensurepip until python3-venv is installed.
const PROBE = `import sys, ensurepip, venv; sys.exit(not (3, ${OLDEST_MINOR}) <= sys.version_info[:2] <= (3, ${NEWEST_MINOR}))`;

/** The interpreter that TUBELET_PYTHON names, or the first on the PATH that will do; undefined when there is none. */
export function findPython() {
  const named = process.env.TUBELET_PYTHON;
  if (named) {
    if (ask(named, ['-c', PROBE]).ok) return named;
    throw new SetupError(
      `TUBELET_PYTHON is ${named}, which is not a Python 3.${OLDEST_MINOR} to 3.${NEWEST_MINOR} with venv and ensurepip.`,
    );
  }
  const versions = Array.from({ length: NEWEST_MINOR - OLDEST_MINOR + 1 }, (_, i) => `python3.${NEWEST_MINOR - i}`);
  return ['python3', '/usr/bin/python3', ...versions]
    .map((name) => (name.startsWith('/') ? name : which(name)))
    .find((python) => python !== undefined && ask(python, ['-c', PROBE]).ok);
}
