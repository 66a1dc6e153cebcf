"""Models with seeded random weights, made so that a program that errs anywhere visibly fails.

A fresh initialisation (biases 0, norms 1, deviation 0.02) gives almost the same tiny logits whatever
a program does to the clip. Here every tensor matters and logits have a deviation of a few units.
"""

import math

import torch
from transformers import TimesformerConfig, VideoMAEConfig, VivitConfig

CONFIGS = {"videomae": VideoMAEConfig, "timesformer": TimesformerConfig, "vivit": VivitConfig}

TINY = dict(hidden_size=48, num_hidden_layers=3, num_attention_heads=3, intermediate_size=128)
SIZES = {
    # The published base models: VideoMAE-base 16x4, TimeSformer-base 8x32, ViViT-B/16x2.
    ("videomae", "base"): {},
    ("timesformer", "base"): {},
    ("vivit", "base"): {},
    ("videomae", "tiny"): dict(TINY, image_size=32, patch_size=8, num_frames=4, tubelet_size=2),
    ("timesformer", "tiny"): dict(TINY, image_size=32, patch_size=8, num_frames=4),
    ("vivit", "tiny"): dict(TINY, image_size=32, tubelet_size=[2, 8, 8], num_frames=4),
}
LABELS = {"base": 400, "tiny": 7}


def config_of(family: str, size: str, **fields):
    labels = {"id2label": {i: f"LABEL_{i}" for i in range(LABELS[size])}}
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
