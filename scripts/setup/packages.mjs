// What tubelet needs from the system, and what each distribution calls it. Pure, so that tests can play any of them.

/**
 * How a need is found: `programs` is a list of names of which one must be on the PATH, `module` is asked of pkg-config,
 * `header` is looked for in the include folders, and `python` is an interpreter that can make a virtual environment.
 */
export const NEEDS = [
  {
    what: 'a C++ compiler',
    programs: ['c++', 'g++', 'clang++'],
    names: { apt: 'g++', dnf: 'gcc-c++', pacman: 'gcc', zypper: 'gcc-c++' },
  },
  {
    what: 'CMake 3.24 or newer',
    programs: ['cmake'],
    minimum: '3.24',
    names: { apt: 'cmake', dnf: 'cmake', pacman: 'cmake', zypper: 'cmake' },
  },
  {
    what: 'Ninja',
    programs: ['ninja'],
    names: { apt: 'ninja-build', dnf: 'ninja-build', pacman: 'ninja', zypper: 'ninja' },
  },
  {
    what: 'pkg-config',
    programs: ['pkg-config'],
    names: { apt: 'pkg-config', dnf: 'pkgconf-pkg-config', pacman: 'pkgconf', zypper: 'pkg-config' },
  },
  libav('libavformat', '59.27', '64'),
  libav('libavcodec', '59.37', '64'),
  libav('libavfilter', '8.44', '13'),
  libav('libavutil', '57.28', '62'),
  libav('libswscale', '6.7', '11'),
  {
    what: 'the ffmpeg program',
    programs: ['ffmpeg'],
    names: { apt: 'ffmpeg', dnf: 'ffmpeg-free', pacman: 'ffmpeg', zypper: 'ffmpeg-7' },
  },
  {
    what: 'the JSON library of Niels Lohmann',
    module: 'nlohmann_json >= 3.9',
    names: { apt: 'nlohmann-json3-dev', dnf: 'json-devel', pacman: 'nlohmann-json', zypper: 'nlohmann_json-devel' },
  },
  {
    what: 'Python 3.11 or newer with venv',
    python: true,
    names: { apt: 'python3 python3-venv', dnf: 'python3', pacman: 'python', zypper: 'python311' },
  },
  {
    what: 'the doctest framework',
    header: 'doctest/doctest.h',
    tests: true,
    names: { apt: 'doctest-dev', dnf: 'doctest-devel', pacman: 'doctest', zypper: 'doctest-devel' },
  },
  {
    what: 'strace',
    programs: ['strace'],
    tests: true,
    names: { apt: 'strace', dnf: 'strace', pacman: 'strace', zypper: 'strace' },
  },
];

function libav(library, from, below) {
  return {
    what: `${library} of FFmpeg 5.1 to 9`,
    module: `${library} >= ${from} ${library} < ${below}`,
    names: {
      apt: `${library}-dev`,
      dnf: 'ffmpeg-free-devel',
      pacman: 'ffmpeg',
      zypper: `ffmpeg-7-${library}-devel`,
    },
  };
}

const COMMANDS = {
  apt: 'apt-get install -y',
  dnf: 'dnf install -y',
  pacman: 'pacman -S --needed',
  zypper: 'zypper install',
};

const FAMILIES = {
  debian: 'apt',
  ubuntu: 'apt',
  fedora: 'dnf',
  rhel: 'dnf',
  centos: 'dnf',
  arch: 'pacman',
  suse: 'zypper',
  opensuse: 'zypper',
};

/** The package manager named by the text of /etc/os-release, or undefined for a distribution that is not known here. */
export function packageManager(osRelease) {
  const value = (key) => new RegExp(`^${key}="?([^"\\n]*)"?$`, 'm').exec(osRelease)?.[1] ?? '';
  const ids = [value('ID'), ...value('ID_LIKE').split(/\s+/)];
  return ids.map((id) => FAMILIES[id]).find((manager) => manager !== undefined);
}

/** The packages that meet `needs`, each once. */
export function packagesFor(manager, needs) {
  return [...new Set(needs.flatMap((need) => need.names[manager].split(' ')))];
}

/** What a person types to install `needs`; undefined where the package manager is not known. */
export function installCommand(manager, needs, isRoot) {
  if (manager === undefined) return undefined;
  return `${isRoot ? '' : 'sudo '}${COMMANDS[manager]} ${packagesFor(manager, needs).join(' ')}`;
}

/** What is printed where setup may not install: what is missing, and what to type. */
export function askToInstall(manager, needs, isRoot) {
  const command = installCommand(manager, needs, isRoot);
  const list = needs.map((need) => need.what).join(', ');
  return command === undefined
    ? `This system lacks ${list}.\nInstall them with its package manager, which is not one setup knows; then run this again.`
    : `This system lacks ${list}.\nInstall what is missing, then run this again:\n\n    ${command}`;
}
