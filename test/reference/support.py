"""What the reference scripts share. Import it before transformers."""

import json
import os
import sys
from pathlib import Path

import numpy as np

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")

import torch
import torchvision_shim  # noqa: F401
from safetensors.torch import load_file as load_file
from safetensors.torch import save as saved  # noqa: F401
from safetensors.torch import save_file as save_file
from transformers import (
    AutoConfig,
    TimesformerForVideoClassification,
    VideoMAEForPreTraining,
    VideoMAEForVideoClassification,
    VivitForVideoClassification,
)
from transformers.utils import logging

logging.disable_progress_bar()

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ROOT / "models" / "programs"
FAMILIES = ["videomae", "timesformer", "vivit"]
CLASSIFIERS = {
    "videomae": VideoMAEForVideoClassification,
    "timesformer": TimesformerForVideoClassification,
    "vivit": VivitForVideoClassification,
}


def read_config(checkpoint: str | Path) -> dict:
    return json.loads((Path(checkpoint) / "config.json").read_text())


def load_model(checkpoint: str | Path, dtype: torch.dtype = torch.float32) -> torch.nn.Module:
    """transformers' model, with scaled_dot_product_attention where it has it."""
    config = AutoConfig.from_pretrained(checkpoint)
    if "VideoMAEForPreTraining" in (config.architectures or []):
        model = VideoMAEForPreTraining
    else:
        model = CLASSIFIERS[config.model_type]
    return model.from_pretrained(checkpoint, dtype=dtype).eval()


@torch.inference_mode()
def logits_and_embedding(model: torch.nn.Module, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The logits [B, L] and what the classifier saw [B, D].

    Without a classifier (self-supervised VideoMAE) no logits and the mean of the tokens.
    """
    if isinstance(model, VideoMAEForPreTraining):
        tokens = model.videomae(pixels).last_hidden_state
        return tokens.new_empty(tokens.size(0), 0), tokens.mean(1)
    seen = []
    hook = model.classifier.register_forward_hook(lambda _, inputs, __: seen.append(inputs[0]))
    logits = model(pixels).logits
    hook.remove()
    return logits, seen[0]


def read_floats(path: str | Path, shape: list[int]) -> torch.Tensor:
    return torch.from_numpy(np.fromfile(path, dtype="<f4").reshape(shape))


def write_floats(path: str | Path, values: torch.Tensor | np.ndarray) -> None:
    np.asarray(values, dtype="<f4").tofile(path)


def shape_of(text: str) -> list[int]:
    return [int(side) for side in text.split(",")]


def print_json(value: object) -> None:
    json.dump(value, sys.stdout)
    print(flush=True)
