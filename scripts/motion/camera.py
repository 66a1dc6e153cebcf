"""Camera movements as paths of affine maps, and the optical flow they cause.

Coordinates: the unit is the short side of the picture; the origin is its centre; x points right,
y down. A camera pose is a 3x3 matrix that maps a point of the view to the point of the (flat) scene
seen there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LABELS = (
    "static",
    "pan left",
    "pan right",
    "tilt up",
    "tilt down",
    "zoom in",
    "zoom out",
    "roll clockwise",
    "roll counterclockwise",
    "shake",
)

# Label -> direction of the camera's travel, of its growing field of view, of its clockwise turn.
TRAVEL = {"pan left": (-1, 0), "pan right": (1, 0), "tilt up": (0, -1), "tilt down": (0, 1)}
ZOOM = {"zoom in": -1, "zoom out": 1}
ROLL = {"roll clockwise": 1, "roll counterclockwise": -1}

# What a label promises: the range its speed is drawn from, log-uniformly.
TRAVEL_SPEED = (0.08, 0.30)  # short sides a second
ZOOM_SPEED = (0.15, 0.45)  # natural logarithm of the scale a second
ROLL_SPEED = (9.0, 30.0)  # degrees a second
SHAKE_SIZE = (0.02, 0.055)  # root mean square of the displacement, short sides
HAND_JITTER = 0.005  # the same for the unsteady hand that any other clip may have, at most
MAX_ZOOM = 1.1  # natural logarithm of the whole clip's change of scale, at most


@dataclass(frozen=True)
class Wobble:
    """A sum of sinusoids without drift: `rms` in the unit of whatever wobbles."""

    frequencies: np.ndarray  # [K] Hz
    phases: np.ndarray  # [K] radians
    rms: float

    @staticmethod
    def draw(rng: np.random.Generator, low: float, high: float, rms: float) -> Wobble:
        return Wobble(rng.uniform(low, high, 6), rng.uniform(0, 2 * np.pi, 6), rms)

    def __call__(self, times: np.ndarray) -> np.ndarray:
        waves = np.sin(2 * np.pi * times[:, None] * self.frequencies + self.phases)
        return self.rms * waves.sum(1) / np.sqrt(len(self.frequencies) / 2)


@dataclass(frozen=True)
class Movement:
    """One camera movement: constant rates with a slow unevenness, and wobbles on top."""

    label: str
    velocity: np.ndarray  # [2] short sides a second
    zoom: float  # log scale a second; positive widens the view
    roll: float  # radians a second; positive is clockwise
    centre: np.ndarray  # [2] the point of the view that a zoom or roll leaves in place
    unevenness: Wobble  # seconds that the movement runs ahead of or behind its constant rate
    sway: tuple[Wobble, Wobble, Wobble]  # x and y in short sides, roll in radians

    @staticmethod
    def draw(rng: np.random.Generator, label: str, seconds: float) -> Movement:
        """A random movement that fits `label`, for a clip of this length."""
        velocity, zoom, roll = np.zeros(2), 0.0, 0.0
        if label in TRAVEL:
            along = np.array(TRAVEL[label], float)
            across = along[::-1] * rng.uniform(-0.1, 0.1)  # nobody pans perfectly level
            velocity = _log_uniform(rng, *TRAVEL_SPEED) * (along + across)
        elif label in ZOOM:
            zoom = ZOOM[label] * min(_log_uniform(rng, *ZOOM_SPEED), MAX_ZOOM / seconds)
        elif label in ROLL:
            roll = ROLL[label] * np.radians(_log_uniform(rng, *ROLL_SPEED))

        if label == "shake":
            size = _log_uniform(rng, *SHAKE_SIZE)
            turn = np.radians(rng.uniform(0.0, 2.0))
            band = (1.5, 6.0)
        else:
            size = HAND_JITTER * rng.uniform() if rng.uniform() < 0.5 else 0.0
            turn = size * 0.5
            band = (0.4, 3.0)
        sizes = (size, size * rng.uniform(0.6, 1.0), turn)
        return Movement(
            label=label,
            velocity=velocity,
            zoom=zoom,
            roll=roll,
            centre=rng.uniform(-0.1, 0.1, 2),
            unevenness=Wobble.draw(rng, 0.1, 0.4, rng.uniform(0.0, 0.1)),
            sway=tuple(Wobble.draw(rng, *band, rms) for rms in sizes),
        )

    def poses(self, times: np.ndarray) -> np.ndarray:
        """Poses [N,3,3] at `times` [N], in seconds from the middle of the clip."""
        progress = times + self.unevenness(times)
        x, y, turn = (sway(times) for sway in self.sway)
        angle = self.roll * progress + turn
        scale = np.exp(self.zoom * progress)
        poses = np.zeros((len(times), 3, 3))
        poses[:, 0, 0] = poses[:, 1, 1] = scale * np.cos(angle)
        poses[:, 1, 0] = scale * np.sin(angle)
        poses[:, 0, 1] = -poses[:, 1, 0]
        poses[:, 2, 2] = 1
        # The centre stays where it is; the rest turns and grows around it.
        poses[:, :2, 2] = self.centre - poses[:, :2, :2] @ self.centre
        poses[:, :2, 2] += self.velocity * progress[:, None] + np.stack([x, y], 1)
        return poses


def flow(poses: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Where the picture at `points` [P,2] moves until the next frame: [N-1,P,2], short sides."""
    step = np.linalg.inv(poses[1:]) @ poses[:-1]
    moved = points @ step[:, :2, :2].transpose(0, 2, 1) + step[:, None, :2, 2]
    return moved - points


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
