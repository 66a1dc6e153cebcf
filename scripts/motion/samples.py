"""Write the short clips of known movement in samples/.

    python scripts/motion/samples.py samples

All of them look at one photograph that no checkpoint was trained on.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from camera import Movement
from clips import Clip, Thing
from scenes import photo
from video import encode

PHOTO = "coffee.png"
SECONDS = 2.6
LABELS = ("static", "pan right", "tilt up", "zoom in", "roll clockwise", "shake")


def sample(label: str) -> Clip:
    """A clean 320 x 240 clip of this movement, at 30 frames a second."""
    rng = np.random.default_rng(3)
    picture = photo(PHOTO)
    height, width = picture.levels[0].shape[:2]
    scale = 0.6 * picture.short_side
    # On a tripod, at one even, unhurried speed.
    movement = replace(
        Movement.draw(rng, label, SECONDS),
        centre=np.zeros(2),
        unevenness=replace(Movement.draw(rng, label, SECONDS).unevenness, rms=0.0),
    )
    if label != "shake":
        steady = tuple(replace(wobble, rms=0.0) for wobble in movement.sway)
        movement = replace(movement, sway=steady)
    things: tuple[Thing, ...] = ()
    if label == "static":  # something moves, but not the camera
        things = (replace(Thing.draw(rng, "heldout"), velocity=np.array([0.2, 0.1])),)
    return Clip(
        label=label,
        seconds=SECONDS,
        picture=picture,
        placement=np.array([[scale, 0, width / 2], [0, scale, height / 2], [0, 0, 1.0]]),
        movement=movement,
        things=things,
        grain=0.0,
        flicker=0.0,
        width=320,
        height=240,
        rate=30,
        quality=26,
        preset="veryslow",
        seed=0,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    for label in LABELS:
        encode(sample(label), str(options.folder / f"{label.replace(' ', '-')}.mp4"))


if __name__ == "__main__":
    main()
