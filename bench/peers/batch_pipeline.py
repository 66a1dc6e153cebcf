"""A few lines of transformers: `pipeline("video-classification")`, as it comes, over a list of paths.

batch_pipeline.py CHECKPOINT

The pipeline spreads its frames over the whole video. For the spacing that a model was trained with its video processor
is told which frames to take; the rest stays its own.
"""

import argparse

import classifying
import numpy as np
import reading
import reference  # noqa: F401
from transformers import pipeline
from transformers.video_utils import VideoMetadata


def load(checkpoint: str) -> classifying.Classify:
    classifier = pipeline("video-classification", model=checkpoint)
    processor = classifier.video_processor
    spread = processor.sample_frames

    def classify(clips: list[str], request: reading.Request) -> list[str]:
        def asked(metadata: VideoMetadata, **_: object) -> np.ndarray:
            return np.array(request.indices(metadata.total_num_frames, metadata.fps))

        processor.sample_frames = spread if request.sampling == "spread" else asked
        return [best["label"] for best, *_ in classifier(clips)]

    return classify


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoint")
    arguments = parser.parse_args()
    classifying.serve(lambda: load(arguments.checkpoint))
