"""The test protocols of the three papers, transcribed from their own code, with transformers' models.

paper.py JOBS.json OUT.json

JOBS.json is a list of {"checkpoint", "frames", "shape", "times", "stride"}: the whole video as raw RGB
bytes of shape [N, H, W, 3], when each frame is shown in seconds, and the checkpoint's stride in frames
of 30 a second (null: spread evenly over the video). OUT.json holds for each job the frames of the
clips, and the logits, scores and embedding that the protocol makes of all views.

Where each rule comes from:
- VideoMAE: kinetics.py, ssv2.py (VideoClsDataset, SSVideoClsDataset in mode "test") and
  engine_for_finetuning.py (merge, compute_video) of github.com/MCG-NJU/VideoMAE, with the options of
  its scripts: test_num_segment 5 (Something-Something 2), test_num_crop 3, short_side_size 224.
- TimeSformer: datasets/decoder.py, ssv2.py, transform.py and utils/meters.py of
  github.com/facebookresearch/TimeSformer, with the options of its configurations: NUM_ENSEMBLE_VIEWS 1,
  NUM_SPATIAL_CROPS 3, TEST_CROP_SIZE the model's.
- ViViT: vivit/train_utils.py (test_step) and dataset_lib/video_ops.py of github.com/google-research/scenic
  and processors.py of github.com/google-deepmind/dmvr, with the options of
  configs/kinetics400/vivit_base_k400.py: num_test_clips 4, three crops, min_resize 256, crop_size 224.
"""

import argparse
import itertools
import json
import math
from pathlib import Path

import cv2
import numpy as np
import support
import torch
from torch.nn import functional

FPS = 30


def at_30(times: list[float]) -> list[int]:
    """The frames of the video of 30 frames a second that shows the same: what is shown in the middle of each."""
    count = max(math.ceil((times[-1] - 1e-6) * FPS - 0.5), 0) + 1
    middles = (np.arange(count) + 0.5) / FPS
    return (np.searchsorted(times, middles, side="right") - 1).tolist()


class VideoMAE:
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]

    def clips(self, count: int, length: int, stride: int, segments: int = 5) -> list[list[int]]:
        indices = list(range(0, count, stride))
        while len(indices) < length:
            indices.append(indices[-1])
        step = max(1.0 * (len(indices) - length) / (segments - 1), 0)
        return [indices[int(c * step) :][:length] for c in range(segments)]

    def even_clips(self, count: int, length: int) -> list[list[int]]:
        tick = count / float(length)
        both = [int(tick / 2.0 + tick * x) for x in range(length)] + [int(tick * x) for x in range(length)]
        both = sorted(both)
        return [both[0::2], both[1::2]]

    def views(self, frames: np.ndarray, side: int) -> list[torch.Tensor]:
        height, width = frames.shape[1:3]
        if min(height, width) != side:
            short_first = width < height
            long = int(side * height / width) if short_first else int(side * width / height)
            size = (side, long) if short_first else (long, side)
            frames = np.stack([cv2.resize(f, size, interpolation=cv2.INTER_LINEAR) for f in frames])
        step = 1.0 * (max(frames.shape[1:3]) - side) / 2
        views = []
        for crop in range(3):
            start = int(crop * step)
            if frames.shape[1] >= frames.shape[2]:
                view = frames[:, start : start + side]
            else:
                view = frames[:, :, start : start + side]
            pixels = torch.from_numpy(view.copy()).permute(0, 3, 1, 2).float() / 255
            views.append((pixels - channels(self.mean)) / channels(self.std))
        return views

    def combine(self, logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        scores = np.mean(softmax(logits), axis=0)
        return np.log(scores), scores


class TimeSformer:
    mean, std = [0.45, 0.45, 0.45], [0.225, 0.225, 0.225]

    def clips(self, count: int, length: int, stride: int) -> list[list[int]]:
        clip_size = stride * length
        index = torch.linspace(0, clip_size - 1, length)
        return [torch.clamp(index, 0, count - 1).long().tolist()]

    def even_clips(self, count: int, length: int) -> list[list[int]]:
        segment = float(count - 1) / length
        ends = [int(np.round(segment * i)) for i in range(length + 1)]
        return [[(start + end) // 2 for start, end in itertools.pairwise(ends)]]

    def views(self, frames: np.ndarray, side: int) -> list[torch.Tensor]:
        pixels = torch.from_numpy(frames).float() / 255.0
        pixels = (pixels - torch.tensor(self.mean)) / torch.tensor(self.std)
        pixels = pixels.permute(0, 3, 1, 2)
        height, width = pixels.shape[2:]
        if min(height, width) != side:
            if width < height:
                size = (math.floor((float(height) / width) * side), side)
            else:
                size = (side, math.floor((float(width) / height) * side))
            pixels = functional.interpolate(pixels, size=size, mode="bilinear", align_corners=False)
        return uniform_crops(pixels, side)

    def combine(self, logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        total = np.sum(logits, axis=0)
        return total, softmax(total)


class ViViT:
    def clips(self, count: int, length: int, stride: int, windows: int = 4) -> list[list[int]]:
        offsets = np.linspace(0.0, max(0, count - length * stride), windows).astype(np.int32)
        return [[int(i) % count for i in range(o, o + length * stride, stride)] for o in offsets]

    def views(self, frames: np.ndarray, side: int) -> list[torch.Tensor]:
        short = 256 * side // 224
        height, width = frames.shape[1:3]
        size = (max(short, height * short // width), max(short, width * short // height))
        if size != (height, width):
            frames = np.stack([tensorflow_resize(frame, *size).astype(np.uint8) for frame in frames])
        pixels = torch.from_numpy(frames).permute(0, 3, 1, 2).float() * (2.0 / 255.0) - 1.0
        return uniform_crops(pixels, side)

    def combine(self, logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mean = np.mean(logits, axis=0)
        return mean, softmax(mean)


PROTOCOLS = {"videomae": VideoMAE(), "timesformer": TimeSformer(), "vivit": ViViT()}


def tensorflow_resize(frame: np.ndarray, height: int, width: int) -> np.ndarray:
    """tf.image.resize: bilinear with half-pixel centres, in the order of TensorFlow's own operations."""

    def axis(before: int, after: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        scale = np.float32(before) / np.float32(after)
        at = (np.arange(after, dtype=np.float32) + np.float32(0.5)) * scale - np.float32(0.5)
        lower = np.maximum(np.floor(at).astype(int), 0)
        upper = np.minimum(np.ceil(at).astype(int), before - 1)
        return lower, upper, at - np.floor(at)

    top, bottom, down = axis(frame.shape[0], height)
    left, right, across = axis(frame.shape[1], width)
    levels = frame.astype(np.float32)
    across, down = across[None, :, None], down[:, None, None]
    upper = levels[top][:, left] + (levels[top][:, right] - levels[top][:, left]) * across
    lower = levels[bottom][:, left] + (levels[bottom][:, right] - levels[bottom][:, left]) * across
    return upper + (lower - upper) * down


def uniform_crops(pixels: torch.Tensor, side: int) -> list[torch.Tensor]:
    """SlowFast's: left, centre and right, or top, middle and bottom."""
    height, width = pixels.shape[2:]
    crops = []
    for index in range(3):
        y = math.ceil((height - side) / 2)
        x = math.ceil((width - side) / 2)
        if height > width:
            y = [0, y, height - side][index]
        else:
            x = [0, x, width - side][index]
        crops.append(pixels[:, :, y : y + side, x : x + side])
    return crops


def channels(values: list[float]) -> torch.Tensor:
    return torch.tensor(values).view(3, 1, 1)


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def run(job: dict) -> dict:
    config = support.read_config(job["checkpoint"])
    protocol = PROTOCOLS[config["model_type"]]
    length, side = config["num_frames"], config["image_size"]
    video = np.fromfile(job["frames"], dtype=np.uint8).reshape(job["shape"])
    if job["stride"] is None:
        clips = protocol.even_clips(len(video), length)
    else:
        at = at_30(job["times"])
        clips = [[at[i] for i in clip] for clip in protocol.clips(len(at), length, job["stride"])]

    model = support.load_model(job["checkpoint"])
    answers = [
        support.logits_and_embedding(model, view[None].contiguous())
        for clip in clips
        for view in protocol.views(video[clip], side)
    ]
    logits = np.stack([logits[0].double().numpy() for logits, _ in answers])
    together, scores = protocol.combine(logits)
    embedding = np.mean([embedding[0].double().numpy() for _, embedding in answers], axis=0)
    return {
        "clips": clips,
        "logits": together.tolist(),
        "scores": scores.tolist(),
        "embedding": embedding.tolist(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("jobs", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    arguments.out.write_text(json.dumps([run(job) for job in json.loads(arguments.jobs.read_text())]))


if __name__ == "__main__":
    main()
