"""What transformers' default image processor for a checkpoint makes of RGB frames.

pixels.py JOBS.json

JOBS.json is a list of {"checkpoint", "frames", "shape", "out"}: raw RGB bytes of shape [T, H, W, 3]
in, pixels [1, T, 3, H, W] as float32 out. The shapes and the processors' names are on stdout.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import support
from transformers import AutoImageProcessor


def prepare(checkpoint: str, frames: np.ndarray) -> tuple[np.ndarray, str]:
    processor = AutoImageProcessor.from_pretrained(checkpoint)
    pixels = processor(list(frames), return_tensors="np")["pixel_values"]
    return np.asarray(pixels, dtype=np.float32), type(processor).__name__


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("jobs")
    done = []
    for job in json.loads(Path(parser.parse_args().jobs).read_text()):
        frames = np.fromfile(job["frames"], dtype=np.uint8).reshape(job["shape"])
        pixels, processor = prepare(job["checkpoint"], frames)
        support.write_floats(job["out"], pixels)
        done.append({"shape": list(pixels.shape), "processor": processor})
    support.print_json(done)


if __name__ == "__main__":
    main()
