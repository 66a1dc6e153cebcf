"""All frames of a video as PyAV gives them: the stream's colours and times, nothing sampled.

all_frames.py VIDEO OUT.u8

OUT.u8 holds RGB bytes [N, H, W, 3]; the shape and the seconds at which frames are shown are on stdout.
"""

import argparse

import av
import numpy as np
import support
from classify import default_stream, upright_rgb


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("video")
    parser.add_argument("out")
    arguments = parser.parse_args()
    with av.open(arguments.video) as container:
        frames = list(container.decode(default_stream(container)))
    pictures = np.stack([upright_rgb(frame) for frame in frames])
    pictures.tofile(arguments.out)
    times = [frame.time - frames[0].time for frame in frames]
    support.print_json({"shape": list(pictures.shape), "times": times})


if __name__ == "__main__":
    main()
