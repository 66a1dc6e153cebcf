"""Compares the committed programs with transformers on seeded random weights and pixels.

programs.py [--size tiny|base] [--family NAME]

Prints the largest differences of each case; exits with 1 when one is too large, or when a program
does not keep its contract (models/programs/README.md).
"""

import argparse
import json
import sys

import support
import torch
from seeded import config_of, randomise
from transformers import PreTrainedConfig, VideoMAEForPreTraining

# Shapes that a program might have taken for granted.
TINY = {
    "default": {},
    "deeper, other heads, no bias": {"num_hidden_layers": 5, "num_attention_heads": 4, "qkv_bias": False},
    "more frames, larger image": {"num_frames": 6, "image_size": 64},
    "odd image": {"image_size": 36},
    "other epsilon and GELU": {"layer_norm_eps": 1e-3, "hidden_act": "gelu_new"},
    "two labels": {"id2label": {0: "no", 1: "yes"}, "label2id": {"no": 0, "yes": 1}},
}
OWN_TINY = {
    "videomae": {
        "tubelet of 3, patch of 4": {"tubelet_size": 3, "patch_size": 4, "num_frames": 6},
        "first token": {"use_mean_pooling": False},
        "self-supervised": {"use_mean_pooling": False},
    },
    "timesformer": {"patch of 4": {"patch_size": 4}, "one frame": {"num_frames": 1}},
    "vivit": {"oblong tubelet": {"tubelet_size": [1, 4, 16]}, "tubelet of 4": {"tubelet_size": [4, 8, 8]}},
}


def flatten(config: dict) -> dict[str, float]:
    """The rule in models/programs/README.md."""
    flat = {}
    for name, value in config.items():
        if isinstance(value, str):
            flat[f"{name}.{value}"] = 1.0
        elif isinstance(value, bool | int | float):
            flat[name] = float(value)
        elif isinstance(value, list) and all(isinstance(item, int | float) for item in value):
            flat |= {f"{name}.{i}": float(item) for i, item in enumerate(value)}
    classifies = any(name.endswith("ForVideoClassification") for name in config["architectures"])
    flat["num_labels"] = float(len(config.get("id2label", [0, 1]))) if classifies else 0.0
    return flat


def build(family: str, config: PreTrainedConfig, case: str) -> tuple[torch.nn.Module, dict[str, float]]:
    classifier = support.CLASSIFIERS[family]
    model_class = VideoMAEForPreTraining if case == "self-supervised" else classifier
    model = randomise(model_class(config), seed=1)
    model.config.architectures = [model_class.__name__]
    return model, flatten(json.loads(model.config.to_json_string()))


def random_clips(clips: int, shape: list[int]) -> torch.Tensor:
    """Coarse noise: patches that differ from each other, which white noise's hardly do."""
    generator = torch.Generator().manual_seed(2)
    frames, channels, height, width = shape
    coarse = torch.randn([clips * frames, channels, 5, 5], generator=generator)
    fine = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bilinear")
    return fine.view(clips, frames, channels, height, width)


def relative(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one - other).norm() / other.norm())


def absolute(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one - other).abs().max()) if other.numel() > 0 else 0.0


def compare(family: str, size: str, case: str, fields: dict) -> dict:
    model, config = build(family, config_of(family, size, **fields), case)
    program = torch.jit.load(support.PROGRAMS / f"{family}.pt")
    problems = list(program.unsupported(config))

    weights = {program.rename(name): weight for name, weight in model.state_dict().items()}
    weights = {name: weight for name, weight in weights.items() if not program.ignored(name)}
    expected = program.expected(config)
    if expected != {name: list(weight.shape) for name, weight in weights.items()}:
        problems.append("expected() is not what transformers has")
    with torch.inference_mode():
        if sorted(program.load(weights, config)) != sorted(expected):
            problems.append("load() did not use what expected() names")
        pixels = random_clips(2 if size == "tiny" else 1, program.input_shape())
        logits, embedding = support.logits_and_embedding(model, pixels)
        tokens = program.embed(pixels)
        before = tokens.clone()
        program.block(tokens, 0)
        if not torch.equal(tokens, before):
            problems.append("block() wrote into its argument")
        for i in range(program.depth()):
            tokens = program.block(tokens, i)
        plain = program.head(tokens)
        backwards, _ = program(pixels.flip(1))
        program.pack(pixels.size(0))
        program.pack(pixels.size(0))
        packed = program(pixels)
        program.load(weights, config)
        program.to_bfloat16()
        rounded = program(pixels)
    if any(output.dtype != torch.float32 for output in rounded) or torch.equal(rounded[1], plain[1]):
        problems.append("to_bfloat16() did not round the linear layers alone")
    # bfloat16 rounds by up to 2^-9; the tokens, sums of many such, stay within a few times that.
    if relative(rounded[1], embedding) > 0.02:
        problems.append(f"in bfloat16 the embedding is off by {relative(rounded[1], embedding):.1e}")
    largest = {
        "logits": max(absolute(plain[0], logits), absolute(packed[0], logits)),
        "embedding": max(relative(plain[1], embedding), relative(packed[1], embedding)),
    }
    if logits.numel() > 0 and program.input_shape()[0] > 1 and absolute(backwards, logits) < 0.05:
        problems.append("the logits do not depend on the order of the frames: the case proves little")
    if largest["logits"] > 1e-4 or largest["embedding"] > 1e-4:
        problems.append("differs from transformers")
    return {"family": family, "case": case, **largest, "problems": problems}


def refusals() -> list[dict]:
    """Configurations that a program must refuse in words."""
    wrong = {
        "videomae": [{"num_hidden_layers": 1e12}, {"hidden_act.relu": 1.0}, {"num_frames": 1.0}],
        "timesformer": [{"attention_type.joint_space_time": 1.0}, {"num_attention_heads": 5.0}],
        "vivit": [{"hidden_size": 0.0}, {"image_size": 8.0}, {"tubelet_size.0": 1.5}],
    }
    results = []
    for family, configs in wrong.items():
        program = torch.jit.load(support.PROGRAMS / f"{family}.pt")
        for config in configs:
            problems = [] if program.unsupported(config) else ["was not refused"]
            results.append({"family": family, "case": f"refuses {config}", "problems": problems})
    return results


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", choices=["tiny", "base"], default="tiny")
    parser.add_argument("--family", choices=support.FAMILIES)
    arguments = parser.parse_args()

    results = refusals() if arguments.size == "tiny" else []
    for family in [arguments.family] if arguments.family else support.FAMILIES:
        cases = TINY | OWN_TINY[family] if arguments.size == "tiny" else {"base": {}}
        results += [compare(family, arguments.size, case, fields) for case, fields in cases.items()]
    support.print_json(results)
    return int(any(result["problems"] for result in results))


if __name__ == "__main__":
    sys.exit(main())
