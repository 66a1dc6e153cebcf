"""Reads videos with torchcodec: the times of all frames, and some frames in RGB.

The one argument is a JSON file: `out`, a folder, `most`, how many frames of each video are wanted, and `videos`, each
with `name`, `file` and `stream`. For each it prints the times of all frames in seconds, and writes those that are
wanted, evenly chosen, to `out/NAME`; or it prints why torchcodec does not read it.
"""

import json
import sys
from pathlib import Path

import torch
from torchcodec.decoders import VideoDecoder


def read(video: dict, most: int, out: Path) -> dict:
    try:
        decoder = VideoDecoder(video["file"], stream_index=video["stream"], dimension_order="NHWC")
        count = len(decoder)
        # All of them, so that every time is one that came with a decoded frame.
        frames = decoder.get_frames_in_range(0, count)
    except (RuntimeError, ValueError) as error:
        return {"error": str(error)}
    wanted = min(count, most)
    indices = [k * count // wanted for k in range(wanted)]
    chosen = frames.data[indices]
    (out / video["name"]).write_bytes(chosen.contiguous().numpy().tobytes())
    _, height, width, _ = chosen.shape
    return {"times": frames.pts_seconds.tolist(), "indices": indices, "width": width, "height": height}


def main() -> None:
    torch.set_num_threads(1)
    request = json.loads(Path(sys.argv[1]).read_text())
    out = Path(request["out"])
    json.dump({video["name"]: read(video, request["most"], out) for video in request["videos"]}, sys.stdout)


if __name__ == "__main__":
    main()
