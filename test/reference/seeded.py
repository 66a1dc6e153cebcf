"""Models with seeded random weights, made so that a program that errs anywhere visibly fails.

A fresh initialisation (biases 0, norms 1, deviation 0.02) gives almost the same tiny logits whatever
a program does to the clip. Here every tensor matters and logits have a deviation of a few units.
"""

import math

import torch
from transformers import TimesformerConfig, VideoMAEConfig, VivitConfig

CONFIGS = {"videomae": VideoMAEConfig, "timesformer": TimesformerConfig, "vivit": VivitConfig}

TINY = dict(hidden_size=48, num_hidden_layers=3, num_attention_heads=3, intermediate_size=128)
SMALL = dict(hidden_size=384, num_attention_heads=6, intermediate_size=1536)
LARGE = dict(hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096)
HUGE = dict(hidden_size=1280, num_hidden_layers=32, num_attention_heads=16, intermediate_size=5120)
SIZES = {
    # The published sizes. Base is what transformers' configurations have by default.
    ("videomae", "small"): SMALL,
    ("videomae", "base"): {},
    ("videomae", "large"): LARGE,
    ("videomae", "huge"): HUGE,
    ("timesformer", "base"): {},
    ("timesformer", "hr"): dict(image_size=448, num_frames=16),
    ("timesformer", "long"): dict(num_frames=96),
    ("vivit", "base"): {},
    # Everything in small.
    ("videomae", "tiny"): dict(TINY, image_size=32, patch_size=8, num_frames=4, tubelet_size=2),
    ("timesformer", "tiny"): dict(TINY, image_size=32, patch_size=8, num_frames=4),
    ("vivit", "tiny"): dict(TINY, image_size=32, tubelet_size=[2, 8, 8], num_frames=4),
}
# Kinetics-400 has as many classes, and the tiny ones have a number of their own.
LABELS, TINY_LABELS = 400, 7


def sizes_of(family: str) -> list[str]:
    return [size for owner, size in SIZES if owner == family]


def config_of(family: str, size: str, classes: int | None = None, **fields):
    classes = classes or (TINY_LABELS if size == "tiny" else LABELS)
    labels = {"id2label": {i: f"LABEL_{i}" for i in range(classes)}}
    labels["label2id"] = {label: i for i, label in labels["id2label"].items()}
    return CONFIGS[family](**(SIZES[family, size] | labels | fields))


@torch.no_grad()
def randomise(model: torch.nn.Module, seed: int) -> torch.nn.Module:
    """Fills every parameter in the order of its name, from one generator."""
    generator = torch.Generator().manual_seed(seed)
    for name, weight in sorted(model.named_parameters()):
        noise = torch.randn(weight.shape, generator=generator)
        if name.startswith("classifier.weight"):
            noise *= 2 / math.sqrt(weight.size(1))
        elif weight.dim() == 1:
            noise *= 0.2
            if "norm" in name and name.endswith("weight"):
                noise += 1
        elif ("embeddings" in name and "projection" not in name) or "token" in name:
            noise *= 0.5
        else:
            noise /= math.sqrt(weight[0].numel())
        weight.copy_(noise)
    return model.eval()
