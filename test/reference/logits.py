"""transformers' logits and embedding of prepared pixels.

logits.py CHECKPOINT PIXELS.f32 --shape B,T,3,H,W OUT.f32 [--double]

With --double in float64, from the same weights and pixels: what both sides' fp32 is rounded from.

OUT.f32 holds the logits [B, L] and after them the embeddings [B, D]; the shapes are on stdout.
"""

import argparse

import numpy as np
import support


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("checkpoint")
    parser.add_argument("pixels")
    parser.add_argument("out")
    parser.add_argument("--shape", type=support.shape_of, required=True)
    parser.add_argument("--double", action="store_true", help="calculate in float64")
    arguments = parser.parse_args()

    model = support.load_model(arguments.checkpoint)
    pixels = support.read_floats(arguments.pixels, arguments.shape)
    if arguments.double:
        model, pixels = model.double(), pixels.double()
    logits, embedding = support.logits_and_embedding(model, pixels)
    support.write_floats(arguments.out, np.concatenate([logits.flatten(), embedding.flatten()]))
    support.print_json({"logits": list(logits.shape), "embedding": list(embedding.shape)})


if __name__ == "__main__":
    main()
