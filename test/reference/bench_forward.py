"""Times transformers' fp32 forward with scaled_dot_product_attention, one for each line on stdin.

bench_forward.py CHECKPOINT --threads N

Prints {"ready": ...} once the model is loaded and warm, then a line of milliseconds for each line
read, so that runs can alternate with another program's. Ends when stdin does.
"""

import argparse
import os
import sys
import time

import support
import torch

# What tubelet adds to its compute threads (binding/engine/thread_pool.cc): on a machine that has other
# work too, that work then slows both alike.
TUBELETS_NICENESS = 5


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("checkpoint")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--batch", type=int, default=1)
    arguments = parser.parse_args()

    os.nice(TUBELETS_NICENESS)
    torch.set_num_threads(arguments.threads)
    model = support.load_model(arguments.checkpoint)
    config = model.config
    side = config.image_size
    shape = [arguments.batch, config.num_frames, config.num_channels, side, side]
    pixels = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    model(pixels)
    support.print_json({"ready": True, "attention": config._attn_implementation})
    for _ in sys.stdin:
        start = time.perf_counter()
        model(pixels)
        print(f"{(time.perf_counter() - start) * 1000:.1f}", flush=True)


if __name__ == "__main__":
    main()
