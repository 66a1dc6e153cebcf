"""Write labelled clips of pictures that training never sees.

    python scripts/motion/heldout.py --count 300 --seed 1 OUTDIR

leaves OUTDIR/0000.mp4 ... and OUTDIR/labels.json, a list of {"file", "label"}; every label is as
frequent as the others.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
from clips import Clip
from video import encode

SEEDS_A_SET = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=300, help="clips")
    parser.add_argument("--seed", type=int, default=1, help="which set; sets do not overlap")
    options = parser.parse_args()

    cv2.setNumThreads(1)
    options.folder.mkdir(parents=True, exist_ok=True)
    listing = []
    for index in range(options.count):
        clip = Clip.draw(options.seed * SEEDS_A_SET + index, "heldout")
        name = f"{index:04d}.mp4"
        encode(clip, str(options.folder / name))
        listing.append({"file": name, "label": clip.label})
    (options.folder / "labels.json").write_text(json.dumps(listing, indent=1) + "\n")


if __name__ == "__main__":
    main()
