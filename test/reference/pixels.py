"""What transformers' default image processor for a checkpoint makes of RGB frames.

pixels.py CHECKPOINT FRAMES.u8 --shape T,H,W,3 OUT.f32

OUT.f32 holds pixels [1, T, 3, H, W]; the shape and the processor's name are on stdout.
"""

import argparse

import numpy as np
import support
from transformers import AutoImageProcessor


def prepare(checkpoint: str, frames: np.ndarray) -> tuple[np.ndarray, str]:
    processor = AutoImageProcessor.from_pretrained(checkpoint)
    pixels = processor(list(frames), return_tensors="np")["pixel_values"]
    return np.asarray(pixels, dtype=np.float32), type(processor).__name__


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("checkpoint")
    parser.add_argument("frames")
    parser.add_argument("out")
    parser.add_argument("--shape", type=support.shape_of, required=True)
    arguments = parser.parse_args()

    frames = np.fromfile(arguments.frames, dtype=np.uint8).reshape(arguments.shape)
    pixels, processor = prepare(arguments.checkpoint, frames)
    support.write_floats(arguments.out, pixels)
    support.print_json({"shape": list(pixels.shape), "processor": processor})


if __name__ == "__main__":
    main()
