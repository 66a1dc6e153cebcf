"""A few lines of transformers: `pipeline("video-classification")`, as it comes, over a list of paths.

batch_pipeline.py CHECKPOINT

The pipeline takes the first frames of a video, one after another, and no others. For those that a model was trained
with there is but one step of it to replace: the rest is its own.
"""

import argparse

import av
import classifying
import numpy as np
import reading
import reference  # noqa: F401
from transformers import pipeline
from transformers.pipelines import VideoClassificationPipeline
from transformers.pipelines.video_classification import read_video_pyav


class TrainedFrames(VideoClassificationPipeline):
    """The pipeline with other frames."""

    request: reading.Request

    def preprocess(self, video: str) -> dict:
        with av.open(video) as container:
            stream = container.streams.video[0]
            fps = float(stream.average_rate)
            # Matroska counts no frames.
            count = stream.frames or round(container.duration / av.time_base * fps)
            frames = read_video_pyav(container, np.array(self.request.indices(count, fps)))
        return self.image_processor(list(frames), return_tensors="pt").to(self.dtype)


def load(checkpoint: str) -> classifying.Classify:
    task = "video-classification"
    first_frames = pipeline(task, model=checkpoint)
    trained_frames = pipeline(task, model=first_frames.model, image_processor=checkpoint, pipeline_class=TrainedFrames)

    def classify(clips: list[str], request: reading.Request) -> list[str]:
        if request.sampling == "consecutive":
            answers = first_frames(clips)
        else:
            trained_frames.request = request
            answers = trained_frames(clips)
        return [best["label"] for best, *_ in answers]

    return classify


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("checkpoint")
    arguments = parser.parse_args()
    classifying.serve(lambda: load(arguments.checkpoint))
