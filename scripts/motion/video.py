"""Encoding, decoding, choosing frames, and resizing them as the image processors do."""

from __future__ import annotations

import io
from typing import BinaryIO

import av
import numpy as np
from clips import Clip
from PIL import Image


def encode(clip: Clip, target: BinaryIO | str) -> None:
    """Write the clip as H.264 in MP4, frame by frame at its own rate."""
    frames = clip.render(clip.frame_times, clip.width, clip.height)
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=clip.rate)
        stream.width, stream.height, stream.pix_fmt = clip.width, clip.height, "yuv420p"
        stream.options = {"crf": str(clip.quality), "preset": clip.preset}
        stream.codec_context.thread_count = 1
        for pixels in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())


def encoded(clip: Clip) -> io.BytesIO:
    buffer = io.BytesIO()
    encode(clip, buffer)
    buffer.seek(0)
    return buffer


def sample_times(duration: float, frames: int, spacing: float) -> np.ndarray:
    """`frames` times `spacing` seconds apart, centred in `duration`; tighter if it is shorter."""
    spacing = min(spacing, duration / frames)
    return duration / 2 + spacing * (np.arange(frames) - (frames - 1) / 2)


def read_frames(source: BinaryIO | str, frames: int, spacing: float) -> tuple[list[np.ndarray], np.ndarray]:
    """The RGB frames on screen at `sample_times`, and the times at which they appeared."""
    with av.open(source) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        decoded = list(container.decode(stream))
    appear = np.array([frame.time for frame in decoded])
    duration = appear[-1] - appear[0] + 1 / float(stream.average_rate)
    wanted = appear[0] + sample_times(duration, frames, spacing)
    # Half a microsecond: a time that falls on a frame must not miss it by rounding.
    chosen = np.maximum(np.searchsorted(appear, wanted + 5e-7, side="right") - 1, 0)
    return [decoded[i].to_ndarray(format="rgb24") for i in chosen], appear[chosen]


def resize_and_crop(pixels: np.ndarray, side: int) -> np.ndarray:
    """Shorter side to `side` (bilinear, antialiased), then the square in the centre."""
    height, width = pixels.shape[:2]
    short = min(height, width)
    size = (side * width // short, side * height // short)
    resized = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))
    top, left = (size[1] - side) // 2, (size[0] - side) // 2
    return resized[top : top + side, left : left + side]
