"""How a checkpoint was trained: training.json, which train.py writes beside the weights.

    {"start": {"from": "flow"},
     "runs": [{"machine": "...", "began": "2026-11-23T10:00:00+00:00", "minutes": 30.0, "steps": 2100,
               "clips": 33600, "batch": 16, "peak": 0.0005, "seed": 0, "encoded_share": 0.2, "turns": true}]}

A run goes on with the weights of the one before. `start` names where the first one began: at the equation of
optical flow ("flow", `start` in models.py), or at another checkpoint: {"from", "when", "sha256", "turns"}.
`turns` says whether the units of `start_turns` were in place. The files of the bundled checkpoints were written
by hand from their model cards: what was not recorded is missing there, and `clips_about` stands for the sum.
"""

from __future__ import annotations

import hashlib
import json
import platform
from pathlib import Path

FILE = "training.json"
COUNTS = ("no", "one", "two", "three", "four", "five", "six")


def read(folder: Path) -> dict:
    return json.loads((folder / FILE).read_text())


def write(folder: Path, training: dict) -> None:
    (folder / FILE).write_text(json.dumps(training, indent=2) + "\n")


def from_flow() -> dict:
    """A training that has not begun, from the equation of optical flow."""
    return {"start": {"from": "flow"}, "runs": []}


def from_checkpoint(folder: Path) -> dict:
    """A training that has not begun, from another checkpoint."""
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    source = read(folder)
    when = f"after {clips(source)} clips of its training"
    start = {"from": folder.resolve().name, "when": when, "sha256": digest, "turns": has_turns(source)}
    return {"start": start, "runs": []}


def has_turns(training: dict) -> bool:
    """Whether its weights have the units of start_turns."""
    runs = training["runs"]
    return runs[-1]["turns"] if runs else training["start"].get("turns", False)


def machine(threads: int) -> str:
    """The CPU, in words."""
    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    name = names[0].split(":", 1)[1].strip() if names else platform.machine()
    return f"{threads} thread{'' if threads == 1 else 's'} of {name}"


def machines(training: dict) -> str:
    return " and ".join(dict.fromkeys(run["machine"] for run in training["runs"]))


def clips(training: dict) -> str:
    """How many clips all runs have seen."""
    if "clips_about" in training:
        return f"about {training['clips_about'] / 1000:.0f} thousand"
    return f"{sum(run['clips'] for run in training['runs']):,}"


def history(training: dict) -> str:
    """The runs in words."""
    runs = training["runs"]
    count = COUNTS[len(runs)] if len(runs) < len(COUNTS) else str(len(runs))
    if len(runs) == 1:
        return f"These weights come from one run over {clips(training)} clips, {_words(runs[0])}."
    each = "; ".join(_words(run) for run in runs)
    return (
        f"These weights come from {count} runs, each resumed from the one before, over {clips(training)} clips"
        f" in all: {each}."
    )


def _words(run: dict) -> str:
    return f"batch {run['batch']} {'with' if run['turns'] else 'without'} units for turns"
