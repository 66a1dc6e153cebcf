"""What the Python programs of `npm run bench -- batch` have in common; peer.py has the protocol.

Such a program is `batch_NAME.py CHECKPOINT [options]`. Asked
{"clips": [paths], "sampling": "trained" or "spread", "frames": N, "interval": seconds}, it classifies the clips
and answers {"seconds": on the clock, "cpu": seconds of all threads, "labels": [the best of each]}.
"""

import time
from collections.abc import Callable

import peer
import reading

Classify = Callable[[list[str], reading.Request], list[str]]


def serve(load: Callable[[], Classify]) -> None:
    peer.yield_priority()
    classify = load()

    def answer(fields: dict) -> dict:
        clips = fields.pop("clips")
        start, cpu = time.perf_counter(), time.process_time()
        labels = classify(clips, reading.Request(**fields))
        spent = {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu}
        return spent | {"labels": labels}

    peer.serve(answer)
