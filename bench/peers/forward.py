"""What the programs of `npm run bench -- models` have in common; peer.py has the protocol.

Such a program is `forward_NAME.py MODEL PIXELS.f32 --shape B,T,3,H,W --threads N --precision P`. It is ready once it
has loaded the file or folder MODEL, and says {"load": milliseconds, its libraries not counted, "precision": what it
computes in}. Asked {"out": file or null}, it runs the model on the pixels, float32 on both sides, and answers
{"milliseconds": on the clock}. `out` is given the logits.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import peer

Forward = Callable[[np.ndarray], np.ndarray]


def serve(load: Callable[[str, int, str], tuple[Forward, str]]) -> None:
    """`load` takes the model, the threads and the precision; it returns what runs it and in which precision."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("pixels")
    parser.add_argument("--shape", type=lambda text: [int(side) for side in text.split(",")], required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--precision", required=True)
    arguments = parser.parse_args()

    pixels = np.fromfile(arguments.pixels, "<f4").reshape(arguments.shape)
    peer.yield_priority()
    start = time.perf_counter()
    forward, precision = load(arguments.model, arguments.threads, arguments.precision)
    loaded = (time.perf_counter() - start) * 1000

    def answer(request: dict) -> dict:
        start = time.perf_counter()
        logits = forward(pixels)
        milliseconds = (time.perf_counter() - start) * 1000
        if request["out"]:
            logits.tofile(request["out"])
        return {"milliseconds": milliseconds}

    peer.serve(answer, load=loaded, precision=precision)
