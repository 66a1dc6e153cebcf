"""The usual tutorial: the first frames of a video in order, stretched with OpenCV, then transformers.

tutorial.py JOBS.json OUT.json

JOBS.json is a list of {"checkpoint", "frames", "shape"}: the whole video as raw RGB bytes of shape
[N, H, W, 3]. OUT.json holds the logits of each job.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import support
import torch
from pixels import prepare


def run(job: dict) -> list[float]:
    video = np.fromfile(job["frames"], dtype=np.uint8).reshape(job["shape"])
    model = support.load_model(job["checkpoint"])
    frames = [cv2.resize(frame, (480, 480)) for frame in video[: model.config.num_frames]]
    pixels, _ = prepare(job["checkpoint"], np.stack(frames))
    logits, _ = support.logits_and_embedding(model, torch.from_numpy(pixels))
    return logits[0].tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("jobs", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    arguments.out.write_text(json.dumps([run(job) for job in json.loads(arguments.jobs.read_text())]))


if __name__ == "__main__":
    main()
