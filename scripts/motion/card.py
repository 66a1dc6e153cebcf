"""The model card of a checkpoint, written from the files beside it: configuration, training.json, evaluation.json.

    python scripts/motion/card.py models/motion-*

writes the cards again without a new measurement.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from string import Template

import numpy as np
import training
from camera import (
    HAND_JITTER,
    LABELS,
    ROLL_SPEED,
    SHAKE_SIZE,
    TRAVEL_SPEED,
    ZOOM_SPEED,
)
from safetensors.numpy import load_file

EVALUATION = "evaluation.json"

PAPER = {
    "videomae": "VideoMAE",
    "timesformer": "TimeSformer, divided space-time attention",
    "vivit": "ViViT, spatio-temporal attention over tubelets",
}
FLOW_START = {
    "videomae": "The patch embedding and the first MLP start",
    "timesformer": "The patch embedding, the first temporal attention and the first MLP start",
    "vivit": "The patch embedding and the first MLP start",
}
TURNS = " The third layer's MLP was given units for outward and clockwise flow (`start_turns`)."
HAD_TURNS = " Its third layer's MLP already had units for outward and clockwise flow (`start_turns`)."


def origin(training: dict) -> str:
    """What the training started from, in a few words."""
    source = training["start"]["from"]
    return "from scratch" if source == "flow" else f"from `{source}`"


def start(family: str, record: dict) -> str:
    """The same in detail."""
    origin = record["start"]
    if origin["from"] == "flow":
        return f"{FLOW_START[family]} at the equation of optical flow, the rest at random (`start` in `models.py`)."
    return (
        f"It starts from `{origin['from']}` {origin['when']}, whose blocks are the same; the CLS token starts at"
        " random and the learned position embeddings as VideoMAE's fixed ones (`start_from_videomae` in `models.py`)."
    )


def turns(record: dict) -> str:
    """Where the units for turns came from, if it has them."""
    if record["start"].get("turns", False):
        return HAD_TURNS
    return TURNS if training.has_turns(record) else ""


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


def card(checkpoint: Path) -> str:
    """The card of a checkpoint that train.py trained and evaluate.py measured."""
    config = json.loads((checkpoint / "config.json").read_text())
    weights = load_file(checkpoint / "model.safetensors")
    record = training.read(checkpoint)
    evaluation = json.loads((checkpoint / EVALUATION).read_text())
    counts = np.array(evaluation["confusion"])
    family = config["model_type"]
    sampling = config["tubelet"]["sampling"]
    template = Template(Path(__file__).with_name("card.md").read_text())
    return template.substitute(
        family=family,
        paper=PAPER[family],
        origin=origin(record),
        machines=training.machines(record),
        start=start(family, record) + turns(record),
        history=training.history(record),
        encoded=" and then ".join(dict.fromkeys(f"{100 * run['encoded_share']:.0f}%" for run in record["runs"])),
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
        count=evaluation["count"],
        seed=evaluation["seed"],
        **sampling,
    )


def _percent(span: tuple[float, float]) -> str:
    return f"{100 * span[0]:.0f} to {100 * span[1]:.0f}%"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("checkpoints", type=Path, nargs="+")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a card is another one")
    options = parser.parse_args()
    for checkpoint in options.checkpoints:
        path, text = checkpoint / "README.md", card(checkpoint)
        if not options.check:
            path.write_text(text)
        elif path.read_text() != text:
            raise SystemExit(f"{path} is not what card.py writes: run it")


if __name__ == "__main__":
    main()
