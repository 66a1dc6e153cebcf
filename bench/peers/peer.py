"""What the programs that tubelet is compared with have in common.

A peer prints {"ready": true, ...} once it has loaded what it needs. To each line of JSON on stdin it answers
with a line {..., "peak": bytes}, or {"error": text}. It ends when stdin does.
"""

import json
import os
import sys
from collections.abc import Callable

# What tubelet adds to its compute threads (binding/engine/thread_pool.cc): on a machine that has other
# work too, that work then slows all alike.
TUBELETS_NICENESS = 5


def yield_priority() -> None:
    """Before any thread is started: they inherit it."""
    os.nice(TUBELETS_NICENESS)


def peak_bytes() -> int:
    """The most memory this process has had."""
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def serve(answer: Callable[[dict], dict], **ready: object) -> None:
    print(json.dumps({"ready": True} | ready), flush=True)
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line)) | {"peak": peak_bytes()}
        except Exception as error:  # whatever a library throws at what it cannot do
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)
