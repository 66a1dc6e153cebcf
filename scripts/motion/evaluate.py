"""Measure a checkpoint, as transformers and PyAV run it, on the clips that heldout.py wrote.

    python scripts/motion/evaluate.py models/motion-videomae /tmp/heldout --card

prints the accuracy and the confusion matrix; --card also keeps them in evaluation.json and writes the model card.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import card
import numpy as np
import processors  # noqa: F401  (before transformers)
import torch
from camera import LABELS
from transformers import (
    AutoModelForVideoClassification,
    PreTrainedModel,
    VideoMAEImageProcessor,
    VivitImageProcessor,
)
from video import read_frames

PROCESSORS = {
    "videomae": VideoMAEImageProcessor,
    "timesformer": VideoMAEImageProcessor,
    "vivit": VivitImageProcessor,
}


@torch.inference_mode()
def predict(model: PreTrainedModel, processor: object, path: Path) -> int:
    """The index of the most likely label."""
    sampling = model.config.tubelet["sampling"]
    spacing = sampling["stride"] / sampling["fps"]
    frames, _ = read_frames(str(path), sampling["frames"], spacing)
    return int(model(**processor(frames, return_tensors="pt")).logits.argmax())


def confusion(checkpoint: Path, clips: Path) -> np.ndarray:
    """Counts [true label, predicted label]."""
    model = AutoModelForVideoClassification.from_pretrained(checkpoint).eval()
    processor = PROCESSORS[model.config.model_type].from_pretrained(checkpoint)
    counts = np.zeros((len(LABELS), len(LABELS)), int)
    for entry in json.loads((clips / "labels.json").read_text()):
        predicted = predict(model, processor, clips / entry["file"])
        counts[LABELS.index(entry["label"]), predicted] += 1
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("clips", type=Path, help="folder written by heldout.py")
    parser.add_argument("--seed", type=int, default=1, help="that heldout.py was given")
    parser.add_argument("--card", action="store_true", help="write the model card")
    options = parser.parse_args()
    torch.set_num_threads(1)
    counts = confusion(options.checkpoint, options.clips)
    print(card.result(counts))
    if options.card:
        evaluation = {"count": int(counts.sum()), "seed": options.seed, "confusion": counts.tolist()}
        (options.checkpoint / card.EVALUATION).write_text(json.dumps(evaluation) + "\n")
        (options.checkpoint / "README.md").write_text(card.card(options.checkpoint))


if __name__ == "__main__":
    main()
