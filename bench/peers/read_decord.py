"""decord: one call for all frames. It has no choice of streams: it takes the one that libav thinks best."""

import decord
import reading
from torch import Tensor

decord.bridge.set_bridge("torch")


def read(clip: str, _stream: int | None, request: reading.Request, size: int) -> tuple[Tensor, list[float]]:
    reader = decord.VideoReader(clip, ctx=decord.cpu(0), num_threads=1)
    indices = request.indices(len(reader), reader.get_avg_fps())
    frames = reader.get_batch(indices).permute(0, 3, 1, 2)
    first = reader.get_frame_timestamp(0)[0]
    timestamps = reader.get_frame_timestamp(indices)[:, 0] - first
    return reading.prepare(frames, size), timestamps.tolist()


if __name__ == "__main__":
    reading.serve(read)
