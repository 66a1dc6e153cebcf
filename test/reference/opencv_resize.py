"""What cv2.resize makes of RGB pictures.

opencv_resize.py JOBS.json

JOBS.json is a list of {"picture", "from", "to", "out"}: raw RGB bytes of `from`, [height, width], in, of
`to` out.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("jobs", type=Path)
    for job in json.loads(parser.parse_args().jobs.read_text()):
        picture = np.fromfile(job["picture"], dtype=np.uint8).reshape(*job["from"], 3)
        height, width = job["to"]
        cv2.resize(picture, (width, height)).tofile(job["out"])


if __name__ == "__main__":
    main()
