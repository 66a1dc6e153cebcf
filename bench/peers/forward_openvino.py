"""OpenVINO on the CPU, tuned for latency, one stream. `default` is the precision that it takes of itself."""

import forward
import numpy as np
import openvino

HINTS = {"default": {}, "fp32": {"INFERENCE_PRECISION_HINT": "f32"}}
NAMES = {openvino.Type.f32: "fp32", openvino.Type.bf16: "bf16", openvino.Type.f16: "fp16"}


def load(model: str, threads: int, precision: str) -> tuple[forward.Forward, str]:
    config = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": threads}
    compiled = openvino.Core().compile_model(model, "CPU", config | HINTS[precision])
    request = compiled.create_infer_request()

    def run(pixels: np.ndarray) -> np.ndarray:
        return np.array(request.infer([pixels])["logits"])

    return run, NAMES[compiled.get_property("INFERENCE_PRECISION_HINT")]


if __name__ == "__main__":
    forward.serve(load)
