"""transformers, with scaled_dot_product_attention where the model has it (TimeSformer has not)."""

import forward
import numpy as np
import torch
from reference import load_model

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def load(checkpoint: str, threads: int, precision: str) -> tuple[forward.Forward, str]:
    torch.set_num_threads(threads)
    dtype = DTYPES[precision]
    model = load_model(checkpoint, dtype)

    @torch.inference_mode()
    def run(pixels: np.ndarray) -> np.ndarray:
        return model(torch.from_numpy(pixels).to(dtype)).logits.float().numpy()

    return run, precision


if __name__ == "__main__":
    forward.serve(load)
