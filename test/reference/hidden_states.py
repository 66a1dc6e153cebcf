"""transformers' fp32 hidden states of prepared pixels, for a batch of one.

hidden_states.py CHECKPOINT PIXELS.f32 --shape 1,T,3,H,W --layers 0,1,2,last OUT.f32

For each layer (a number as in `hidden_states`, or `last` for `last_hidden_state`) OUT.f32 holds the
mean of the patches' tokens [D], the CLS token [D] where the family has one, and the patches' tokens
in their places [T', H', W', D]; that grid's shape is on stdout, with the number of blocks.
"""

import argparse

import numpy as np
import support
import torch


def grid_shape(config) -> list[int]:
    """Tubelets in time, patches in height and width."""
    tubelet = getattr(config, "tubelet_size", 1)
    if isinstance(tubelet, int):
        patch = config.patch_size
        tubelet = [tubelet, patch, patch]
    return [
        config.num_frames // tubelet[0],
        config.image_size // tubelet[1],
        config.image_size // tubelet[2],
    ]


def in_place(patches: np.ndarray, config) -> np.ndarray:
    """[N, D] to [T, H, W, D]. TimeSformer's embedding lists the frames of each patch in turn."""
    frames, rows, columns = grid_shape(config)
    if config.model_type == "timesformer":
        return patches.reshape(rows, columns, frames, -1).transpose(2, 0, 1, 3)
    return patches.reshape(frames, rows, columns, -1)


def parts_of(tokens: np.ndarray, config) -> list[np.ndarray]:
    cls = 0 if config.model_type == "videomae" else 1
    grid = in_place(tokens[cls:], config)
    return [grid.mean((0, 1, 2), dtype=np.float64), tokens[:cls], grid]


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("checkpoint")
    parser.add_argument("pixels")
    parser.add_argument("out")
    parser.add_argument("--shape", type=support.shape_of, required=True)
    parser.add_argument("--layers", type=lambda text: text.split(","), required=True)
    arguments = parser.parse_args()

    model = support.load_model(arguments.checkpoint)
    pixels = support.read_floats(arguments.pixels, arguments.shape)
    output = model.base_model(pixels, output_hidden_states=True)
    parts = []
    for layer in arguments.layers:
        state = output.last_hidden_state if layer == "last" else output.hidden_states[int(layer)]
        parts += parts_of(state[0].numpy(), model.config)
    support.write_floats(arguments.out, np.concatenate([part.ravel() for part in parts]))
    support.print_json({"grid": grid_shape(model.config), "layers": len(output.hidden_states) - 1})


if __name__ == "__main__":
    main()
