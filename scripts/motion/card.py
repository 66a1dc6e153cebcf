"""The model card of a checkpoint, written from its configuration and its measured results."""

from __future__ import annotations

import json
from pathlib import Path
from string import Template

import numpy as np
from camera import (
    HAND_JITTER,
    LABELS,
    ROLL_SPEED,
    SHAKE_SIZE,
    TRAVEL_SPEED,
    ZOOM_SPEED,
)
from safetensors.numpy import load_file

PAPER = {
    "videomae": "VideoMAE",
    "timesformer": "TimeSformer, divided space-time attention",
    "vivit": "ViViT, spatio-temporal attention over tubelets",
}
START = {
    "videomae": (
        "The patch embedding and the first MLP start at the equation of optical flow, the rest at"
        " random (`start` in `models.py`)."
    ),
    "timesformer": (
        "The patch embedding, the first temporal attention and the first MLP start at the equation"
        " of optical flow, the rest at random (`start` in `models.py`)."
    ),
    "vivit": (
        "It starts from `motion-videomae` half way through its training, whose blocks are the"
        " same; the CLS token"
        " starts at random and the learned position embeddings as VideoMAE's fixed ones"
        " (`start_from_videomae` in `models.py`)."
    ),
}

HISTORY = {
    "videomae": (
        "These weights come from three runs, each resumed from the one before: the first with batch"
        " 64, the first two without the turns. All in all they saw about 57 thousand clips."
    ),
    "timesformer": (
        "These weights come from three runs, each resumed from the one before: the first with batch"
        " 64, the first two without the turns. All in all they saw about 34 thousand clips."
    ),
    "vivit": (
        "These weights come from one run over about 22 thousand clips; the turns were in place in"
        " the VideoMAE that it started from."
    ),
}


def result(counts: np.ndarray) -> str:
    """Accuracy and confusion matrix as Markdown. `counts` is [true label, predicted label]."""
    right, total = int(np.trace(counts)), int(counts.sum())
    lines = [f"Top-1 accuracy: **{100 * right / total:.1f}%** ({right} of {total} clips).", ""]
    lines.append("| true \\ predicted | " + " | ".join(LABELS) + " |")
    lines.append("|---" * (len(LABELS) + 1) + "|")
    for label, row in zip(LABELS, counts, strict=True):
        lines.append(f"| {label} | " + " | ".join(str(n) if n else "" for n in row) + " |")
    return "\n".join(lines)


def confusions(counts: np.ndarray) -> str:
    """The most frequent mistakes, in words."""
    mistakes = counts - np.diag(np.diag(counts))
    worst = [divmod(int(i), len(LABELS)) for i in np.argsort(-mistakes, axis=None)[:3]]
    told = [f"{LABELS[i]} taken for {LABELS[j]}" for i, j in worst if mistakes[i, j]]
    return "; ".join(told) or "none in this test"


def write(checkpoint: Path, counts: np.ndarray) -> None:
    config = json.loads((checkpoint / "config.json").read_text())
    weights = load_file(checkpoint / "model.safetensors")
    family = config["model_type"]
    sampling = config["tubelet"]["sampling"]
    template = Template(Path(__file__).with_name("card.md").read_text())
    text = template.substitute(
        family=family,
        paper=PAPER[family],
        start=START[family],
        history=HISTORY[family],
        layers=config["num_hidden_layers"],
        width=config["hidden_size"],
        heads=config["num_attention_heads"],
        parameters=f"{sum(w.size for w in weights.values()) / 1e6:.2f}",
        side=config["image_size"],
        seconds=f"{sampling['frames'] * sampling['stride'] / sampling['fps']:.1f}",
        travel=_percent(TRAVEL_SPEED),
        zoom=_percent(tuple(np.expm1(ZOOM_SPEED))),
        roll=f"{ROLL_SPEED[0]:.0f} to {ROLL_SPEED[1]:.0f} degrees",
        shake=_percent(SHAKE_SIZE),
        jitter=f"{100 * HAND_JITTER:.1f}%",
        result=result(counts),
        confusions=confusions(counts),
        count=int(counts.sum()),
        **sampling,
    )
    (checkpoint / "README.md").write_text(text)


def _percent(span: tuple[float, float]) -> str:
    return f"{100 * span[0]:.0f} to {100 * span[1]:.0f}%"
