"""What the camera looks at: photographs and procedural textures, for training and held out."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

Split = Literal["train", "heldout"]

# Those in the wheels of scikit-image and scikit-learn whose licence is stated there and allows this
# use. Each is on one side of the split only.
PHOTOS: dict[Split, tuple[str, ...]] = {
    "train": (
        "astronaut.png",
        "brick.png",
        "camera.png",
        "cell.png",
        "coins.png",
        "flower.jpg",
        "grass.png",
        "hubble_deep_field.jpg",
        "ihc.png",
        "retina.jpg",
        "rocket.jpg",
    ),
    "heldout": ("chelsea.png", "china.jpg", "coffee.png", "gravel.png", "text.png"),
}
TEXTURES: dict[Split, range] = {"train": range(0, 480), "heldout": range(10_000, 10_160)}
PHOTO_SHARE = 0.5  # of the clips; the others look at a texture
SIDE = 384  # pixels, of a texture


class Picture:
    """An RGB picture with its halved copies, so that it can be drawn small without aliasing."""

    def __init__(self, pixels: np.ndarray) -> None:
        self.levels = [pixels]
        while min(self.levels[-1].shape[:2]) > 48:
            self.levels.append(cv2.pyrDown(self.levels[-1]))

    @property
    def short_side(self) -> int:
        return min(self.levels[0].shape[:2])

    def level(self, pixels_per_pixel: float) -> int:
        """The level to draw from when one drawn pixel spans so many pixels of the original."""
        wanted = round(np.log2(max(pixels_per_pixel, 1.0)))
        return min(wanted, len(self.levels) - 1)

    def draw(self, to_pixels: np.ndarray, level: int, width: int, height: int) -> np.ndarray:
        """Draw through `to_pixels` [3,3]: drawn pixel -> pixel of the original.

        The picture is mirrored beyond its edges.
        """
        shrink = 0.5**level
        to_level = np.diag([shrink, shrink, 1.0]) @ to_pixels
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        image = self.levels[level]
        return cv2.warpAffine(image, to_level[:2], (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT_101)


def draw_picture(rng: np.random.Generator, split: Split) -> Picture:
    """A random picture of this side of the split."""
    if rng.uniform() < PHOTO_SHARE:
        return photo(str(rng.choice(PHOTOS[split])))
    return texture(int(rng.choice(TEXTURES[split])))


@cache
def photo(name: str) -> Picture:
    import skimage
    import sklearn.datasets

    folders = [
        Path(skimage.__file__).parent / "data",
        Path(sklearn.datasets.__file__).parent / "images",
    ]
    path = next(folder / name for folder in folders if (folder / name).exists())
    pixels = cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    if min(pixels.shape[:2]) > 800:
        pixels = cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return Picture(pixels)


@cache
def texture(seed: int) -> Picture:
    """The texture of this seed; the kinds take turns."""
    rng = np.random.default_rng([seed, 77])
    kinds = (noise, leaves, cells, waves, writing, blocks)
    pixels = kinds[seed % len(kinds)](rng).astype(np.float32)
    pixels = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.5, 1.2))
    return Picture(np.clip(pixels, 0, 255).astype(np.uint8))


def noise(rng: np.random.Generator) -> np.ndarray:
    """Noise with a spectrum of 1/f to the power 0.8 to 1.5: clouds, rock, rust."""
    fy, fx = np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None]
    falloff = np.maximum(np.hypot(fx, fy), 1 / SIDE) ** -rng.uniform(0.8, 1.5)
    layers = []
    for _ in range(3):
        spectrum = np.fft.rfft2(rng.standard_normal((SIDE, SIDE))) * falloff
        layer = np.fft.irfft2(spectrum, (SIDE, SIDE))
        layers.append(layer / layer.std())
    mixed = np.stack(layers, -1) @ (np.ones((3, 3)) + rng.normal(0, 0.6, (3, 3)))
    return 128 + rng.uniform(20, 40) * mixed


def leaves(rng: np.random.Generator) -> np.ndarray:
    """Dead leaves: discs and polygons of many sizes that hide each other."""
    canvas = np.full((SIDE, SIDE, 3), 128, np.uint8)
    sides = int(rng.choice([0, 3, 4, 6]))
    for radius in sorted(4 / rng.uniform(0.03, 1.0, 700), reverse=True):
        centre = rng.uniform(0, SIDE, 2)
        colour = tuple(int(c) for c in rng.integers(0, 256, 3))
        if sides == 0:
            cv2.circle(canvas, centre.astype(int).tolist(), int(radius), colour, -1, cv2.LINE_AA)
        else:
            turn = rng.uniform(0, 2 * np.pi) + np.arange(sides) * 2 * np.pi / sides
            corners = centre + radius * np.stack([np.cos(turn), np.sin(turn)], 1)
            cv2.fillPoly(canvas, [corners.astype(np.int32)], colour, cv2.LINE_AA)
    return canvas


def cells(rng: np.random.Generator) -> np.ndarray:
    """Voronoi cells: stones, tiles, skin."""
    seeds = np.full((SIDE, SIDE), 255, np.uint8)
    count = int(rng.integers(60, 400))
    seeds[rng.integers(0, SIDE, count), rng.integers(0, SIDE, count)] = 0
    distance, index = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    colours = rng.uniform(0, 255, 3) * 0.5 + rng.uniform(0, 200, (index.max() + 1, 3)) * 0.6
    return colours[index] + (rng.uniform(-6, 6) * distance)[..., None]


def waves(rng: np.random.Generator) -> np.ndarray:
    """Stripes in several directions, bent so that they tell every movement: cloth, dunes."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    bend = [cv2.GaussianBlur(rng.standard_normal((SIDE, SIDE)), (0, 0), 20) for _ in range(2)]
    x, y = x + 600 * bend[0], y + 600 * bend[1]
    canvas = np.full((SIDE, SIDE, 3), 128.0)
    for _ in range(int(rng.integers(3, 7))):
        angle, period = rng.uniform(0, np.pi), rng.uniform(18, 80)
        wave = np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period)
        canvas += np.clip(rng.uniform(1, 3) * wave, -1, 1)[..., None] * rng.normal(0, 30, 3)
    return canvas


def writing(rng: np.random.Generator) -> np.ndarray:
    """Lines of letters on paper."""
    paper, ink = (tuple(int(c) for c in rng.integers(low, low + 110, 3)) for low in (145, 0))
    canvas = np.full((SIDE, SIDE, 3), paper, np.uint8)
    size = rng.uniform(0.5, 1.6)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789   ,.-"))
    for row in np.arange(10, SIDE + 40, 34 * size):
        line = "".join(rng.choice(letters, 40))
        start = (int(rng.integers(-30, 20)), int(row))
        font, thick = int(rng.integers(0, 5)), 1 + int(size)
        cv2.putText(canvas, line, start, font, size, ink, thick, cv2.LINE_AA)
    return canvas if rng.uniform() < 0.7 else 255 - canvas


def blocks(rng: np.random.Generator) -> np.ndarray:
    """Upright boxes with windows before a gradient: a town."""
    shade = np.linspace(0, 1, SIDE)[:, None, None]
    canvas = rng.uniform(60, 255, 3) * (1 - shade) + rng.uniform(0, 200, 3) * shade
    canvas = np.ascontiguousarray(np.broadcast_to(canvas, (SIDE, SIDE, 3)).astype(np.uint8))
    for _ in range(40):
        x, y = rng.integers(-20, SIDE, 2)
        w, h = rng.integers(15, 90, 2)
        wall, pane = (tuple(int(c) for c in rng.integers(0, 256, 3)) for _ in range(2))
        cv2.rectangle(canvas, (int(x), int(y)), (int(x + w), int(y + h)), wall, -1)
        step = int(rng.integers(8, 22))
        for wx in range(x + 3, x + w - step // 2, step):
            for wy in range(y + 3, y + h - step // 2, step):
                cv2.rectangle(canvas, (wx, wy), (wx + step // 2, wy + step // 2), pane, -1)
    return canvas
