"""What the readers of `npm run bench -- decode` have in common; peer.py has the protocol.

A reader is a program `read_NAME.py CLIP [--stream N]`. Asked
{"sampling": "trained" or "spread", "frames": N, "interval": seconds, "size": pixels, "out": file or null},
it opens the clip, reads the frames, makes them the model's input and answers
{"milliseconds": on the clock, "cpu": milliseconds of all threads, "timestamps": [seconds]}. `out` is given the
pixels.
"""

import argparse
import time
from collections.abc import Callable
from typing import NamedTuple

import peer
import torch
from torch import Tensor
from torch.nn.functional import interpolate

TOLERANCE = 1e-6


class Levels(NamedTuple):
    """What bytes become: [3, 1, 1] each."""

    mean: Tensor
    std: Tensor

    @classmethod
    def of(cls, preprocessor: dict) -> "Levels":
        """From a preprocessor_config.json. ViViT's subtracts 1 from what is twice as large, and that is all it does."""
        if preprocessor.get("offset"):
            mean = std = [0.5] * 3
        else:
            mean, std = preprocessor["image_mean"], preprocessor["image_std"]
        return cls(*(torch.tensor(channels).view(3, 1, 1) * 255 for channels in (mean, std)))


VIDEOMAE = Levels.of({"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]})


class Request(NamedTuple):
    """What to read: the fields of docs/sampling.md."""

    sampling: str
    frames: int
    interval: float

    def indices(self, count: int, fps: float) -> list[int]:
        """The frames to read from a video with `count` frames, `fps` a second."""
        if self.sampling == "spread":
            return [k * count // self.frames for k in range(self.frames)]
        last = (count - 1) / fps
        interval = min(self.interval, last / (self.frames - 1))
        start = (last - (self.frames - 1) * interval) / 2
        return [int((start + k * interval + TOLERANCE) * fps) for k in range(self.frames)]


def prepare(frame: Tensor, size: int, levels: Levels = VIDEOMAE) -> Tensor:
    """Bytes [..., 3, H, W], channels last in memory, to what transformers' processors make of them."""
    height, width = frame.shape[-2:]
    short = min(height, width)
    resized = interpolate(frame, (size * height // short, size * width // short), mode="bilinear", antialias=True)
    top, left = ((side - size) // 2 for side in resized.shape[-2:])
    cropped = resized[..., top : top + size, left : left + size]
    return cropped.float().sub_(levels.mean).div_(levels.std)


@torch.inference_mode()
def serve(read: Callable[[str, int | None, Request, int], tuple[Tensor, list[float]]]) -> None:
    """`read` takes the clip, the stream, what to read and the size, and returns pixels and their times."""
    parser = argparse.ArgumentParser()
    parser.add_argument("clip")
    parser.add_argument("--stream", type=int)
    arguments = parser.parse_args()

    def answer(fields: dict) -> dict:
        out, size = fields.pop("out"), fields.pop("size")
        start, cpu = time.perf_counter(), time.process_time()
        pixels, timestamps = read(arguments.clip, arguments.stream, Request(**fields), size)
        spent = {
            "milliseconds": (time.perf_counter() - start) * 1000,
            "cpu": (time.process_time() - cpu) * 1000,
        }
        if out:
            pixels.contiguous().numpy().tofile(out)
        return spent | {"timestamps": timestamps}

    peer.yield_priority()
    torch.set_num_threads(1)
    peer.serve(answer)
