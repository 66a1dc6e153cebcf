"""Classifies videos with PyAV and transformers alone, at given times.

classify.py JOBS.json OUT.json

JOBS.json is a list of {"checkpoint", "video", "timestamps"}: seconds from the first frame; at each
the frame on the screen is taken. OUT.json holds for each job the labels and their softmax scores, in
the order of the logits, and when the frames taken begin.
"""

import argparse
import json
from pathlib import Path

import av
import numpy as np
import support
import torch
from pixels import prepare


def default_stream(container: av.container.InputContainer) -> av.VideoStream:
    """The one that the ffmpeg program takes when told nothing: marked default, then largest."""

    def score(stream: av.VideoStream) -> int:
        default = bool(stream.disposition & av.stream.Disposition.default)
        return stream.width * stream.height + 5_000_000 * default

    attached = av.stream.Disposition.attached_pic
    return max((s for s in container.streams.video if not s.disposition & attached), key=score)


def upright_rgb(frame: av.VideoFrame) -> np.ndarray:
    return np.rot90(frame.to_ndarray(format="rgb24"), k=round(frame.rotation / 90)).copy()


def frames_at(video: str, times: list[float]) -> tuple[list[np.ndarray], list[float]]:
    """For each time the frame on the screen then, and when that frame begins."""
    taken: dict[float, tuple[np.ndarray, float]] = {}
    with av.open(video) as container:
        waiting, shown, start = sorted(times), None, None
        for frame in container.decode(default_stream(container)):
            start = frame.time if start is None else start
            while shown and waiting and frame.time - start > waiting[0] + 1e-6:
                taken[waiting.pop(0)] = (upright_rgb(shown), shown.time - start)
            if not waiting:
                break
            shown = frame
        for time in waiting:
            taken[time] = (upright_rgb(shown), shown.time - start)
    return [taken[time][0] for time in times], [taken[time][1] for time in times]


def classify(checkpoint: str, video: str, times: list[float]) -> dict:
    frames, begin = frames_at(video, times)
    model = support.load_model(checkpoint)
    pixels, _ = prepare(checkpoint, np.stack(frames))
    logits, _ = support.logits_and_embedding(model, torch.from_numpy(pixels))
    labels = [model.config.id2label[i] for i in range(logits.size(1))]
    return {"labels": labels, "scores": logits[0].softmax(0).tolist(), "timestamps": begin}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("jobs", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()

    jobs = json.loads(arguments.jobs.read_text())
    results = [classify(job["checkpoint"], job["video"], job["timestamps"]) for job in jobs]
    arguments.out.write_text(json.dumps(results))


if __name__ == "__main__":
    main()
