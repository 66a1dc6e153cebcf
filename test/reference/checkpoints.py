"""Writes a checkpoint with seeded random weights in Hugging Face's layout.

checkpoints.py OUT --family videomae --size tiny --format safetensors --seed 1
"""

import argparse
import json
from collections import OrderedDict
from pathlib import Path

import support
import torch
from seeded import SIZES, config_of, randomise, sizes_of
from transformers import VideoMAEForPreTraining, VideoMAEImageProcessor, VivitImageProcessor

FORMATS = ["safetensors", "bin", "sharded", "sharded-bin"]
IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
HALF = {"image_mean": [0.45, 0.45, 0.45], "image_std": [0.225, 0.225, 0.225]}


def processor_of(family: str, side: int):
    """As the published checkpoints of the family have it, for images of another size."""
    crop = {"height": side, "width": side}
    if family == "vivit":
        return VivitImageProcessor(size={"shortest_edge": side * 8 // 7}, crop_size=crop)
    norm = HALF if family == "timesformer" else IMAGENET
    return VideoMAEImageProcessor(size={"shortest_edge": side}, crop_size=crop, **norm)


def write_checkpoint(
    folder: str | Path,
    family: str,
    size: str,
    *,
    form: str = "safetensors",
    seed: int = 0,
    pretraining: bool = False,
    new_names: bool = False,
    classes: int | None = None,
    **fields,
) -> torch.nn.Module:
    """`fields` override the configuration; `new_names` keeps transformers 5's names in memory."""
    config = config_of(family, size, classes, **fields)
    if pretraining:
        config.decoder_num_hidden_layers = 1
    model_class = VideoMAEForPreTraining if pretraining else support.CLASSIFIERS[family]
    model = randomise(model_class(config), seed)
    if form == "sharded":
        model.save_pretrained(folder, max_shard_size=sum(p.nbytes for p in model.parameters()) // 3)
    else:
        model.save_pretrained(folder)
    if form in ("bin", "sharded-bin") or new_names:
        weights = Path(folder) / "model.safetensors"
        state = model.state_dict()  # an OrderedDict with module versions: what .bin files hold
        if not new_names:
            metadata = state._metadata
            state = OrderedDict(support.load_file(weights))
            state._metadata = metadata
        weights.unlink()
        if form == "bin":
            torch.save(state, Path(folder) / "pytorch_model.bin")
        elif form == "sharded-bin":
            save_shards(state, Path(folder))
        else:
            support.save_file(dict(state), weights, {"format": "pt"})
    processor_of(family, config.image_size).save_pretrained(folder)
    return model


def save_shards(state: OrderedDict, folder: Path, count: int = 3) -> None:
    """As transformers wrote .bin files that were too large for one, until version 5."""
    names = [f"pytorch_model-{i + 1:05}-of-{count:05}.bin" for i in range(count)]
    weight_map = {tensor: names[i % count] for i, tensor in enumerate(state)}
    for name in names:
        torch.save({tensor: state[tensor] for tensor in state if weight_map[tensor] == name}, folder / name)
    total = sum(tensor.nbytes for tensor in state.values())
    index = {"metadata": {"total_size": total}, "weight_map": weight_map}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out")
    parser.add_argument("--family", choices=support.FAMILIES, required=True)
    parser.add_argument("--size", choices=sorted({size for _, size in SIZES}), default="tiny")
    parser.add_argument("--format", choices=FORMATS, default="safetensors")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pretraining", action="store_true", help="VideoMAE with its decoder")
    parser.add_argument("--image-size", type=int, help="pixels a side (default: the size's own)")
    parser.add_argument("--frames", type=int, help="frames a clip (default: the size's own)")
    parser.add_argument("--classes", type=int, help="labels (default: 400, tiny 7)")
    names = parser.add_mutually_exclusive_group()
    names.add_argument("--old-bias-names", action="store_true", help="q_bias and v_bias (default)")
    names.add_argument("--new-names", action="store_true", help="transformers 5's names in memory")
    arguments = parser.parse_args()
    if arguments.pretraining and arguments.family != "videomae":
        parser.error("--pretraining is for --family videomae")
    if (arguments.family, arguments.size) not in SIZES:
        parser.error(f"{arguments.family} has the sizes {', '.join(sizes_of(arguments.family))}")
    fields = {"image_size": arguments.image_size, "num_frames": arguments.frames}
    write_checkpoint(
        arguments.out,
        arguments.family,
        arguments.size,
        form=arguments.format,
        seed=arguments.seed,
        pretraining=arguments.pretraining,
        new_names=arguments.new_names,
        classes=arguments.classes,
        **{name: value for name, value in fields.items() if value},
    )
    files = sorted(path.name for path in Path(arguments.out).iterdir())
    support.print_json({"folder": arguments.out, "files": files})


if __name__ == "__main__":
    main()
