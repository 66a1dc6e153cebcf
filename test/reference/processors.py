"""What the image and video processors of transformers make of RGB frames, for configurations of every class.

processors.py JOBS.json PROGRAM.pt

JOBS.json is a list of {"config", "family", "kind", "frame", "shape", "out"}: a preprocessor's
configuration, read by AutoImageProcessor or AutoVideoProcessor as `kind` ("image" or "video") says,
and a frame of raw RGB bytes [H, W, 3]. The pixels [3, H, W] go to "out" as float32, a line for each
job with their shape and the processor's name to stdout. With the classes that can stand beside the
three families: see `plain_classes`. PROGRAM.pt becomes a TorchScript program that takes pixels of
any size.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import support
import torch
from transformers import AutoImageProcessor, AutoVideoProcessor
from transformers.image_processing_backends import TorchvisionBackend
from transformers.models.auto.image_processing_auto import (
    IMAGE_PROCESSOR_MAPPING_NAMES,
    get_image_processor_class_from_name,
)
from transformers.models.auto.video_processing_auto import VIDEO_PROCESSOR_MAPPING_NAMES


class AnySize(torch.nn.Module):
    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return pixels.mean([1, 3, 4])


def prepare(job: dict) -> tuple[np.ndarray, str]:
    auto, name = {
        "image": (AutoImageProcessor, "preprocessor_config.json"),
        "video": (AutoVideoProcessor, "video_preprocessor_config.json"),
    }[job["kind"]]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_text(json.dumps(job["config"]))
        (Path(folder) / "config.json").write_text(json.dumps({"model_type": job["family"]}))
        processor = auto.from_pretrained(folder)
    frame = np.fromfile(job["frame"], dtype=np.uint8).reshape(job["shape"])
    frames = [frame] if job["kind"] == "image" else frame[None]
    pixels = np.asarray(processor(frames, return_tensors="pt")["pixel_values"], dtype=np.float32)
    return pixels.reshape(pixels.shape[-3:]), type(processor).__name__


def plain_classes() -> list[str]:
    """Those that change nothing of the common steps, and have default values for them that every picture fits."""
    names = {name for backends in IMAGE_PROCESSOR_MAPPING_NAMES.values() for name in backends.values()}
    plain = []
    for name in sorted(names):
        cls = get_image_processor_class_from_name(name)
        if not issubclass(cls, TorchvisionBackend) or overrides(cls):
            continue
        processor = cls()
        if processor.image_mean and not processor.do_pad:
            plain.append(name)
    return plain


def overrides(cls: type) -> bool:
    classes = cls.__mro__[: cls.__mro__.index(TorchvisionBackend)]
    return any(
        callable(value) for c in classes for key, value in vars(c).items() if key not in ("__init__", "valid_kwargs")
    )


def family_classes() -> list[str]:
    images = [IMAGE_PROCESSOR_MAPPING_NAMES[family]["torchvision"] for family in support.FAMILIES]
    return images + [VIDEO_PROCESSOR_MAPPING_NAMES[family] for family in support.FAMILIES]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("jobs")
    parser.add_argument("program")
    arguments = parser.parse_args()
    torch.jit.script(AnySize()).save(arguments.program)
    done = []
    for job in json.loads(Path(arguments.jobs).read_text()):
        pixels, processor = prepare(job)
        support.write_floats(job["out"], pixels)
        done.append({"shape": pixels.shape, "processor": processor})
    support.print_json({"jobs": done, "plain": plain_classes(), "families": family_classes()})


if __name__ == "__main__":
    main()
