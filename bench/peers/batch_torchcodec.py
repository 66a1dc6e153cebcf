"""The best that Python can do: torchcodec in a pool of threads that work ahead, bf16, several clips a forward pass.

batch_torchcodec.py CHECKPOINT --workers N --batch B --threads T --precision P

Found out by trying, on two CPUs: a decoder for each CPU with one thread of its own; guessing where frames are, which
finds the same ones; resizing with torch (to let torchcodec's own transforms do it is slower).
"""

import argparse
import json
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import classifying
import reading
import torch
from reference import load_model
from torchcodec.decoders import VideoDecoder

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def load(checkpoint: str, workers: int, batch: int, threads: int, dtype: torch.dtype) -> classifying.Classify:
    model = load_model(checkpoint, dtype)
    labels = model.config.id2label
    levels = reading.Levels.of(json.loads((Path(checkpoint) / "preprocessor_config.json").read_text()))

    @torch.inference_mode()
    def read(clip: str, request: reading.Request) -> torch.Tensor:
        decoder = VideoDecoder(clip, num_ffmpeg_threads=1, seek_mode="approximate")
        indices = request.indices(decoder.metadata.num_frames, decoder.metadata.average_fps)
        frames = decoder.get_frames_at(indices).data
        return reading.prepare(frames, model.config.image_size, levels).to(dtype)

    pool = ThreadPoolExecutor(workers, initializer=lambda: torch.set_num_threads(1))
    torch.set_num_threads(threads)

    @torch.inference_mode()
    def classify(clips: list[str], request: reading.Request) -> list[str]:
        waiting = iter(clips)
        ahead: deque[Future[torch.Tensor]] = deque()
        best: list[int] = []
        while True:
            room = 2 * (workers + batch) - len(ahead)
            ahead.extend(pool.submit(read, clip, request) for clip in islice(waiting, room))
            if not ahead:
                return [labels[number] for number in best]
            pixels = torch.stack([ahead.popleft().result() for _ in range(min(batch, len(ahead)))])
            best += model(pixels).logits.argmax(1).tolist()

    return classify


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoint")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", choices=DTYPES, default="bf16")
    options = parser.parse_args()
    dtype = DTYPES[options.precision]
    classifying.serve(lambda: load(options.checkpoint, options.workers, options.batch, options.threads, dtype))
