"""ONNX Runtime on the CPU, as it comes. The precision is that of the file."""

import forward
import numpy as np
import onnxruntime


def load(model: str, threads: int, precision: str) -> tuple[forward.Forward, str]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def run(pixels: np.ndarray) -> np.ndarray:
        return session.run(["logits"], {"pixels": pixels})[0]

    return run, precision


if __name__ == "__main__":
    forward.serve(load)
