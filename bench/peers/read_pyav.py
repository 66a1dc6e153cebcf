"""PyAV: a seek to the key frame before the first frame wanted, then decoding through; converts what is wanted."""

import av
import reading
import torch
from torch import Tensor


def read(clip: str, number: int | None, request: reading.Request, size: int) -> tuple[Tensor, list[float]]:
    with av.open(clip) as container:
        stream = container.streams[number] if number is not None else container.streams.video[0]
        stream.thread_type = "NONE"
        stream.codec_context.thread_count = 1
        fps = float(stream.average_rate)
        start = stream.start_time or 0
        # Matroska counts no frames.
        count = stream.frames or round(container.duration / av.time_base * fps)
        indices = request.indices(count, fps)
        wanted = set(indices)
        container.seek(start + round(indices[0] / fps / stream.time_base), stream=stream)

        pixels, times = {}, {}
        for frame in container.decode(stream):
            time = float((frame.pts - start) * stream.time_base)
            index = round(time * fps)
            if index in wanted:
                rgb = torch.from_numpy(frame.to_ndarray(format="rgb24"))
                pixels[index] = reading.prepare(rgb.permute(2, 0, 1)[None], size)[0]
                times[index] = time
                if len(pixels) == len(wanted):
                    break
    return torch.stack([pixels[i] for i in indices]), [times[i] for i in indices]


if __name__ == "__main__":
    reading.serve(read)
