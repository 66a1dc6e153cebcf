"""A clip, wholly determined by a seed: scene, camera movement, other movement, and encoding."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from camera import LABELS, Movement
from scenes import Picture, Split, draw_picture

# Width, height in pixels.
SIZES = ((320, 240), (256, 144), (426, 240), (180, 320), (224, 224), (192, 144), (144, 256))
RATES = (24, 25, 30, 50, 60)  # frames a second
SECONDS = (2.2, 4.0)
SPRITE = 64  # pixels, side of a moving thing's picture

_GRAIN = np.random.default_rng(5).standard_normal((512, 512, 3)).astype(np.float32)


@dataclass(frozen=True)
class Thing:
    """Something small that moves through the scene on its own."""

    sprite: np.ndarray  # [SPRITE,SPRITE,4] RGB and coverage
    size: float  # short sides
    start: np.ndarray  # [2] place in the scene at the clip's middle
    velocity: np.ndarray  # [2] short sides a second
    spin: float  # radians a second

    @staticmethod
    def draw(rng: np.random.Generator, split: Split) -> Thing:
        picture = draw_picture(rng, split)
        corner = rng.uniform(0, picture.short_side - SPRITE, 2)
        place = np.array([[1, 0, corner[0]], [0, 1, corner[1]], [0, 0, 1.0]])
        colours = picture.draw(place, 0, SPRITE, SPRITE)
        mask = np.zeros((SPRITE, SPRITE), np.uint8)
        middle, radius = SPRITE // 2, SPRITE // 2 - 3
        if rng.uniform() < 0.5:
            axes = (radius, int(radius * rng.uniform(0.5, 1)))
            cv2.ellipse(mask, (middle, middle), axes, 0, 0, 360, 255, -1, cv2.LINE_AA)
        else:
            turn = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(4, 9))))
            corners = middle + radius * np.stack([np.cos(turn), np.sin(turn)], 1)
            cv2.fillPoly(mask, [corners.astype(np.int32)], 255, cv2.LINE_AA)
        heading, speed = rng.uniform(0, 2 * np.pi), rng.uniform(0.05, 0.5)
        return Thing(
            sprite=np.dstack([colours, mask]),
            size=rng.uniform(0.08, 0.25),
            start=rng.uniform(-0.5, 0.5, 2),
            velocity=speed * np.array([np.cos(heading), np.sin(heading)]),
            spin=rng.normal(0, 0.5),
        )

    def paint(self, frame: np.ndarray, to_scene: np.ndarray, time: float) -> None:
        """Paint onto `frame` [H,W,3], whose pixels `to_scene` [3,3] maps to the scene."""
        x, y = self.start + self.velocity * time
        angle, zoom = self.spin * time, self.size / SPRITE
        c, s = zoom * np.cos(angle), zoom * np.sin(angle)
        to_centre = np.array([[1, 0, -SPRITE / 2], [0, 1, -SPRITE / 2], [0, 0, 1]])
        place = np.array([[c, -s, x], [s, c, y], [0, 0, 1]])
        to_frame = np.linalg.inv(to_scene) @ place @ to_centre
        corners = to_frame @ [[0, SPRITE, SPRITE, 0], [0, 0, SPRITE, SPRITE], [1, 1, 1, 1]]
        left, top = np.maximum(np.floor(corners[:2].min(1)).astype(int), 0)
        right, bottom = np.minimum(np.ceil(corners[:2].max(1)).astype(int) + 1, frame.shape[1::-1])
        if left >= right or top >= bottom:
            return
        to_frame[0, 2] -= left
        to_frame[1, 2] -= top
        drawn = cv2.warpAffine(self.sprite, to_frame[:2], (int(right - left), int(bottom - top)))
        under = frame[top:bottom, left:right]
        cover = drawn[..., 3:].astype(np.float32) / 255
        under[:] = (under + cover * (drawn[..., :3].astype(np.float32) - under)).astype(np.uint8)


@dataclass(frozen=True)
class Clip:
    label: str
    seconds: float
    picture: Picture
    placement: np.ndarray  # [3,3] scene, in short sides -> pixels of the picture
    movement: Movement
    things: tuple[Thing, ...]
    grain: float  # standard deviation of the sensor's noise, in levels of 255
    flicker: float  # relative size of a slow change of brightness
    width: int
    height: int
    rate: int  # frames a second
    quality: int  # libx264's constant rate factor
    preset: str  # libx264's
    seed: int

    @staticmethod
    def draw(seed: int, split: Split) -> Clip:
        """The clip of this seed. Labels take turns, so that any run of seeds is balanced."""
        rng = np.random.default_rng([seed, split == "heldout"])
        label = LABELS[seed % len(LABELS)]
        seconds = rng.uniform(*SECONDS)
        picture = draw_picture(rng, split)
        width, height = SIZES[rng.integers(len(SIZES))]
        return Clip(
            label=label,
            seconds=seconds,
            picture=picture,
            placement=_placement(rng, picture),
            movement=Movement.draw(rng, label, seconds),
            things=tuple(Thing.draw(rng, split) for _ in range(rng.choice(4, p=[0.4, 0.3, 0.2, 0.1]))),
            grain=rng.uniform(0, 6) if rng.uniform() < 0.5 else 0.0,
            flicker=rng.uniform(0, 0.08) if rng.uniform() < 0.3 else 0.0,
            width=width,
            height=height,
            rate=int(rng.choice(RATES)),
            quality=int(rng.integers(18, 35)),
            preset=str(rng.choice(["ultrafast", "veryfast"])),
            seed=seed,
        )

    @property
    def frame_times(self) -> np.ndarray:
        """Seconds from the clip's start, one a frame."""
        return np.arange(round(self.seconds * self.rate)) / self.rate

    def poses(self, times: np.ndarray) -> np.ndarray:
        """Camera poses [N,3,3] at `times` in seconds from the clip's start."""
        return self.movement.poses(times - self.seconds / 2)

    def render(self, times: np.ndarray, width: int, height: int) -> list[np.ndarray]:
        """Frames [height,width,3] RGB at `times` in seconds from the clip's start."""
        short = min(width, height)
        to_view = np.array(
            [
                [1 / short, 0, (1 - width) / (2 * short)],
                [0, 1 / short, (1 - height) / (2 * short)],
                [0, 0, 1],
            ]
        )
        poses = self.poses(times)
        # One level for the whole clip, or a zoom would show the switch.
        widest = np.sqrt(np.abs(np.linalg.det((self.placement @ poses)[:, :2, :2]))).max()
        level = self.picture.level(widest / short)
        rng = np.random.default_rng([self.seed, 1])
        frames = []
        for time, pose in zip(times, poses, strict=True):
            to_scene = pose @ to_view
            frame = self.picture.draw(self.placement @ to_scene, level, width, height)
            for thing in self.things:
                thing.paint(frame, to_scene, time - self.seconds / 2)
            frames.append(self._expose(frame, time, rng))
        return frames

    def _expose(self, frame: np.ndarray, time: float, rng: np.random.Generator) -> np.ndarray:
        """Sensor noise and flicker."""
        if self.flicker > 0:
            frame = cv2.convertScaleAbs(frame, alpha=1 + self.flicker * np.sin(5 * time))
        if self.grain > 0:
            height, width = frame.shape[:2]
            y, x = rng.integers(0, 512 - height), rng.integers(0, 512 - width)
            grain = self.grain * _GRAIN[y : y + height, x : x + width]
            frame = np.clip(frame + grain, 0, 255).astype(np.uint8)
        return frame


def _placement(rng: np.random.Generator, picture: Picture) -> np.ndarray:
    """Where in the picture the clip's middle looks, how closely, and how far it is turned."""
    height, width = picture.levels[0].shape[:2]
    scale = picture.short_side * rng.uniform(0.35, 0.85)
    angle = np.radians(rng.normal(0, 10))
    mirror = rng.choice([-1, 1])
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    x, y = rng.uniform(0.3, 0.7, 2) * (width, height)
    return np.array([[c * mirror, -s, x], [s * mirror, c, y], [0, 0, 1.0]])
