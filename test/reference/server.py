"""Runs the reference scripts for the tests: torch and transformers, which take seconds to import, are
imported once.

Reads lines of JSON, {"script", "args"}, and answers each with {"code", "stdout", "stderr"} once the
script has ended. A script runs in a child of this process, as if it had been started alone: nothing
that it does is seen by the next. Ends when stdin does.
"""

import json
import os
import runpy
import sys
import tempfile
import traceback
from pathlib import Path

import support  # noqa: F401  (what takes long to import)


def run(script: str, args: list[str]) -> dict:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            become(script, args)
        _, status = os.waitpid(child, 0)
        out.seek(0)
        err.seek(0)
        code = os.waitstatus_to_exitcode(status)
        return {"code": code, "stdout": out.read().decode(), "stderr": err.read().decode()}


def become(script: str, args: list[str]) -> None:
    """Runs a script as `python script args` does, and ends the process."""
    code = 1
    try:
        sys.argv = [script, *args]
        sys.path[0] = str(Path(script).parent)
        runpy.run_path(script, run_name="__main__")
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    for line in sys.stdin:
        print(json.dumps(run(**json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
