"""Training data: clips made ahead of time, and exact augmentation.

    python scripts/motion/dataset.py --count 30000 --out /tmp/motion/rendered
    python scripts/motion/dataset.py --count 3000 --encoded --out /tmp/motion/encoded

Rendering is fifty times cheaper than a round trip through the codec, so most training clips skip
it; the encoded ones teach the model its artefacts. Training may start while clips are being made.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from camera import LABELS, ROLL, TRAVEL, ZOOM
from clips import Clip
from torch.utils.data import IterableDataset
from video import encoded, read_frames, resize_and_crop, sample_times

SIDE = 64  # pixels
FRAMES = 8
STRIDE = 4  # frames of 1 / FPS s between two that the model sees
FPS = 30
SPACING = STRIDE / FPS  # seconds
SHARD = 100  # clips a file
FIRST_ENCODED_SEED = 500_000_000


class Sample(NamedTuple):
    frames: np.ndarray  # [T,SIDE,SIDE,3] uint8
    poses: np.ndarray  # [T,3,3] float64
    label: int


def rendered(seed: int) -> Sample:
    """The training clip of this seed as it was before any codec."""
    clip = Clip.draw(seed, "train")
    times = sample_times(clip.seconds, FRAMES, SPACING)
    large = clip.render(times, 2 * SIDE, 2 * SIDE)
    frames = [cv2.resize(frame, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for frame in large]
    return Sample(np.stack(frames), clip.poses(times), LABELS.index(clip.label))


def decoded(seed: int) -> Sample:
    """The training clip of this seed after H.264, at twice the frames: two phases to pick from."""
    clip = Clip.draw(seed, "train")
    frames, times = read_frames(encoded(clip), 2 * FRAMES, SPACING / 2)
    frames = np.stack([resize_and_crop(frame, SIDE) for frame in frames])
    return Sample(frames, clip.poses(times), LABELS.index(clip.label))


# Augmentation: the symmetries of the square and of time permute the labels and stay exact.


def turned(sample: Sample, transpose: bool, flip_x: bool, flip_y: bool, backwards: bool) -> Sample:
    frames, poses, label = sample
    symmetry = np.eye(3)
    if transpose:
        frames = frames.swapaxes(1, 2)
        symmetry[:2] = symmetry[[1, 0]]
    if flip_x:
        frames = frames[:, :, ::-1]
        symmetry[0] *= -1
    if flip_y:
        frames = frames[:, ::-1]
        symmetry[1] *= -1
    if backwards:
        frames, poses = frames[::-1], poses[::-1]
    poses = symmetry @ poses @ np.linalg.inv(symmetry)
    return Sample(frames, poses, _turned_label(label, symmetry[:2, :2], backwards))


def _turned_label(label: int, symmetry: np.ndarray, backwards: bool) -> int:
    name = LABELS[label]
    time = -1 if backwards else 1
    if name in TRAVEL:
        travel = tuple(int(v) for v in time * symmetry @ TRAVEL[name])
        name = next(key for key, value in TRAVEL.items() if value == travel)
    elif name in ZOOM:
        name = next(key for key, value in ZOOM.items() if value == time * ZOOM[name])
    elif name in ROLL:
        turn = time * round(np.linalg.det(symmetry)) * ROLL[name]
        name = next(key for key, value in ROLL.items() if value == turn)
    return LABELS.index(name)


def recoloured(frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Grey, swapped or inverted channels, another contrast and gamma: motion does not care."""
    curve = np.arange(256) / 255
    curve = np.clip((curve - 0.5) * rng.uniform(0.5, 1.2) + rng.uniform(0.4, 0.6), 0, 1)
    curve = curve ** np.exp(rng.uniform(-0.4, 0.4))
    if rng.uniform() < 0.2:
        curve = 1 - curve
    flat = np.ascontiguousarray(frames).reshape(-1, frames.shape[2], 3)
    flat = cv2.LUT(flat, np.rint(curve * 255).astype(np.uint8))
    if rng.uniform() < 0.2:
        flat = cv2.cvtColor(cv2.cvtColor(flat, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    else:
        flat = cv2.mixChannels([flat], [np.empty_like(flat)], _swap(rng.permutation(3)))[0]
    return flat.reshape(frames.shape)


def _swap(order: np.ndarray) -> list[int]:
    return [int(v) for pair in enumerate(order) for v in pair]


class Batches(IterableDataset):
    """Endless batches: frames [B,T,H,W,3] uint8, poses [B,T,3,3] float32, labels [B].

    Reads the folders that this program writes, also while it is writing them.
    """

    def __init__(self, size: int, seed: int, folders: dict[Path, float]) -> None:
        """`folders` says which share of the clips to take from each."""
        self.size = size
        self.seed = seed
        self.folders = folders

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        cv2.setNumThreads(1)
        rng = np.random.default_rng(self.seed)
        shards: dict[Path, list[Shard]] = {}
        for step in range(1_000_000_000):
            if step % 100 == 0:
                shards = {folder: load_shards(folder) for folder in self.folders}
                shares = np.array([share * bool(shards[folder]) for folder, share in self.folders.items()])
            samples = []
            for choice in rng.choice(len(shares), self.size, p=shares / shares.sum()):
                folder = list(shards.values())[choice]
                samples.append(self._draw(rng, folder[rng.integers(len(folder))]))
            yield (
                torch.from_numpy(np.stack([sample.frames for sample in samples])),
                torch.from_numpy(np.stack([sample.poses for sample in samples])).float(),
                torch.tensor([sample.label for sample in samples]),
            )

    @staticmethod
    def _draw(rng: np.random.Generator, shard: Shard) -> Sample:
        index = rng.integers(len(shard.labels))
        phases = shard.frames.shape[1] // FRAMES
        phase = rng.integers(phases)
        frames, poses = shard.frames[index, phase::phases], shard.poses[index, phase::phases]
        sample = Sample(frames, poses, int(shard.labels[index]))
        sample = turned(sample, *(rng.uniform(size=4) < 0.5))
        return sample._replace(frames=recoloured(sample.frames, rng))


class Shard(NamedTuple):
    frames: np.ndarray  # [N, T * phases, SIDE, SIDE, 3] uint8, mapped from the file
    poses: np.ndarray  # [N, T * phases, 3, 3]
    labels: np.ndarray  # [N]


def load_shards(folder: Path) -> list[Shard]:
    shards = []
    for path in sorted(folder.glob("*.truth.npz")):
        frames = np.load(str(path).replace(".truth.npz", ".frames.npy"), mmap_mode="r")
        with np.load(path) as truth:
            shards.append(Shard(frames, truth["poses"], truth["labels"]))
    return shards


def save_shard(folder: Path, start: int, samples: list[Sample]) -> None:
    frames, poses, labels = (np.stack(part) for part in zip(*samples, strict=True))
    np.save(folder / f"{start:07d}.frames.npy", frames)
    truth = folder / f"{start:07d}.truth.npz"
    with truth.with_suffix(".partial").open("wb") as file:
        np.savez(file, poses=poses, labels=labels)
    truth.with_suffix(".partial").rename(truth)  # readers never see half a shard


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--count", type=int, default=3000, help="clips")
    parser.add_argument("--encoded", action="store_true", help="send the clips through the codec")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    make, first = (decoded, FIRST_ENCODED_SEED) if options.encoded else (rendered, 0)
    for start in range(0, options.count, SHARD):
        if not (options.out / f"{start:07d}.truth.npz").exists():
            save_shard(options.out, start, [make(first + start + i) for i in range(SHARD)])


if __name__ == "__main__":
    main()
