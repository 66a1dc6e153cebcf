"""VideoMAE (Tong et al. 2022, arXiv 2203.12602): a plain vision transformer over tubelets.

The clip is cut into cubes of t x p x p pixels (2 x 16 x 16), each becomes one of the N = T/t * H/p *
W/p tokens, and all tokens attend to each other in every layer (joint space-time attention). There is
no CLS token: the classifier sees the mean of the tokens.
"""

from typing import Dict, List, Tuple

import torch
import torch.nn.functional as F
from layers import (
    FeedForward,
    Linear,
    SelfAttention,
    approximation,
    base_name,
    check_common,
    check_grid,
    expect_layer,
    expect_linear,
    expect_norm,
    number,
    patchify,
    sides,
    take,
    whole,
)
from torch import Tensor, nn


def sinusoids(count: int, width: int) -> Tensor:
    """Fixed positions [1, N, D]: sin in even dimensions, cos in odd ones, of N angles each.

    In float64 and then rounded, as transformers does it.
    """
    position = torch.arange(count, dtype=torch.float64).unsqueeze(1)
    dimension = torch.arange(width, dtype=torch.float64)
    pair = torch.floor(dimension / 2) * 2
    angle = position / torch.pow(10000.0, pair / width)
    return torch.where(dimension == pair, angle.sin(), angle.cos()).float().unsqueeze(0)


def patch_grid(config: Dict[str, float]) -> List[int]:
    """[T/t, H/p, W/p]"""
    image, patch = sides(config, "image_size", 224), sides(config, "patch_size", 16)
    frames = whole(config, "num_frames", 16) // whole(config, "tubelet_size", 2)
    return [frames, image[0] // patch[0], image[1] // patch[1]]


def has_qv_bias(config: Dict[str, float]) -> bool:
    """transformers 5 says qv_bias, older ones qkv_bias; a key never has a bias."""
    return number(config, "qv_bias", number(config, "qkv_bias", 1.0)) != 0


def mean_pooled(config: Dict[str, float]) -> bool:
    return number(config, "use_mean_pooling", 1.0) != 0


class VideoMAE(nn.Module):
    input: List[int]  # [T, C, H, W]
    tubelet: List[int]  # [t, p, p]

    def __init__(self) -> None:
        super().__init__()
        self.attention = SelfAttention()
        self.feed_forward = FeedForward()
        self.input, self.tubelet = [], []
        self.mean_pooling = True
        self.norm_tokens = False  # the norm is a final layernorm, not fc_norm
        self.norm_eps = 1e-5
        self.patches = Linear()  # [D, C*t*p*p]
        self.position = torch.empty(0)  # [1, N, D]
        self.norm_weight = torch.empty(0)  # [D]: fc_norm or the final layernorm; may be empty
        self.norm_bias = torch.empty(0)
        self.classifier_weight = torch.empty(0)  # [L, D]
        self.classifier_bias = torch.empty(0)  # [L]

    @torch.jit.export
    def unsupported(self, config: Dict[str, float]) -> List[str]:
        problems = check_common(config)
        if len(problems) == 0:
            check_grid(problems, patch_grid(config))
        return problems

    @torch.jit.export
    def rename(self, name: str) -> str:
        name = base_name(name, "videomae")
        name = name.replace("attention.attention.query.bias", "attention.attention.q_bias")
        return name.replace("attention.attention.value.bias", "attention.attention.v_bias")

    @torch.jit.export
    def ignored(self, name: str) -> bool:
        """Self-supervised checkpoints carry the decoder that reconstructs the masked patches."""
        if name.startswith("decoder.") or name.startswith("encoder_to_decoder."):
            return True
        return name == "mask_token"

    @torch.jit.export
    def expected(self, config: Dict[str, float]) -> Dict[str, List[int]]:
        shapes: Dict[str, List[int]] = {}
        width, labels = whole(config, "hidden_size", 768), whole(config, "num_labels", 2)
        patch = sides(config, "patch_size", 16)
        channels, frames = whole(config, "num_channels", 3), whole(config, "tubelet_size", 2)
        projection = "videomae.embeddings.patch_embeddings.projection"
        shapes[projection + ".weight"] = [width, channels, frames, patch[0], patch[1]]
        shapes[projection + ".bias"] = [width]
        for i in range(whole(config, "num_hidden_layers", 12)):
            layer = f"videomae.encoder.layer.{i}."
            for part in ["query", "key", "value"]:
                shapes[layer + f"attention.attention.{part}.weight"] = [width, width]
            if has_qv_bias(config):
                shapes[layer + "attention.attention.q_bias"] = [width]
                shapes[layer + "attention.attention.v_bias"] = [width]
            expect_layer(shapes, layer, config)
        if not mean_pooled(config):
            expect_norm(shapes, "videomae.layernorm", width)
        elif labels > 0:
            expect_norm(shapes, "fc_norm", width)
        if labels > 0:
            expect_linear(shapes, "classifier", labels, width)
        return shapes

    @torch.jit.export
    def load(self, weights: Dict[str, Tensor], config: Dict[str, float]) -> List[str]:
        used: List[str] = []
        width, labels = whole(config, "hidden_size", 768), whole(config, "num_labels", 2)
        image, patch = sides(config, "image_size", 224), sides(config, "patch_size", 16)
        channels = whole(config, "num_channels", 3)
        self.input = [whole(config, "num_frames", 16), channels, image[0], image[1]]
        self.tubelet = [whole(config, "tubelet_size", 2), patch[0], patch[1]]

        projection = "videomae.embeddings.patch_embeddings.projection"
        weight = take(weights, used, projection + ".weight").flatten(1)
        self.patches.clear()
        self.patches.append(weight, take(weights, used, projection + ".bias"))
        grid = patch_grid(config)
        self.position = sinusoids(grid[0] * grid[1] * grid[2], width).to(weight)

        eps = number(config, "layer_norm_eps", 1e-12)
        self.attention.clear(whole(config, "num_attention_heads", 12), eps)
        self.feed_forward.clear(approximation(config, "none"), eps)
        for i in range(whole(config, "num_hidden_layers", 12)):
            layer = f"videomae.encoder.layer.{i}."
            attention = layer + "attention.attention."
            parts = [take(weights, used, attention + "query.weight")]
            parts.append(take(weights, used, attention + "key.weight"))
            parts.append(take(weights, used, attention + "value.weight"))
            bias = weight.new_zeros([3 * width])
            if has_qv_bias(config):
                bias[:width] = take(weights, used, attention + "q_bias")
                bias[2 * width :] = take(weights, used, attention + "v_bias")
            norm = layer + "layernorm_before"
            self.attention.append(weights, used, norm, layer + "attention", torch.cat(parts), bias)
            self.feed_forward.append(weights, used, layer)

        # With a classifier and without mean pooling transformers takes the first token.
        self.mean_pooling = mean_pooled(config) or labels == 0
        self.norm_tokens = not mean_pooled(config)
        self.norm_weight, self.norm_bias = torch.empty(0), torch.empty(0)
        if self.norm_tokens:
            self.norm_weight = take(weights, used, "videomae.layernorm.weight")
            self.norm_bias = take(weights, used, "videomae.layernorm.bias")
            self.norm_eps = eps
        elif labels > 0:
            self.norm_weight = take(weights, used, "fc_norm.weight")
            self.norm_bias = take(weights, used, "fc_norm.bias")
            self.norm_eps = 1e-5  # nn.LayerNorm's own default, whatever layer_norm_eps says
        self.classifier_weight = weight.new_empty([0, width])
        self.classifier_bias = weight.new_empty([0])
        if labels > 0:
            self.classifier_weight = take(weights, used, "classifier.weight")
            self.classifier_bias = take(weights, used, "classifier.bias")
        return used

    @torch.jit.export
    def to_bfloat16(self) -> None:
        self.patches.to_bfloat16()
        self.attention.to_bfloat16()
        self.feed_forward.to_bfloat16()

    @torch.jit.export
    def pack(self, clips: int) -> None:
        rows = clips * self.position.size(1)
        self.patches.pack(rows)
        self.attention.pack(rows)
        self.feed_forward.pack(rows)

    @torch.jit.export
    def input_shape(self) -> List[int]:
        return self.input

    @torch.jit.export
    def depth(self) -> int:
        return len(self.attention.qkv.weight)

    @torch.jit.export
    def cls_tokens(self) -> int:
        return 0

    @torch.jit.export
    def embed(self, pixels: Tensor) -> Tensor:
        grid = patchify(pixels, self.tubelet[0], self.tubelet[1], self.tubelet[2])
        patches = grid.flatten(4).flatten(1, 3)  # [B, N, C*t*p*p]
        return self.patches.add(patches, self.position, 0)

    @torch.jit.export
    def block(self, tokens: Tensor, i: int) -> Tensor:
        heads = self.attention.attend(self.attention.norm(tokens, i), i)
        return self.feed_forward(self.attention.out.add(heads, tokens, i), i)

    def norm(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, [x.size(-1)], self.norm_weight, self.norm_bias, self.norm_eps)

    @torch.jit.export
    def final(self, tokens: Tensor) -> Tensor:
        return self.norm(tokens) if self.norm_tokens else tokens

    @torch.jit.export
    def grid(self, tokens: Tensor) -> Tensor:
        rows, columns = self.input[2] // self.tubelet[1], self.input[3] // self.tubelet[2]
        return tokens.unflatten(1, [-1, rows, columns])

    @torch.jit.export
    def head(self, tokens: Tensor) -> Tuple[Tensor, Tensor]:
        tokens = self.final(tokens)
        embedding = tokens.mean(1) if self.mean_pooling else tokens[:, 0]
        if not self.norm_tokens and self.norm_weight.numel() > 0:
            embedding = self.norm(embedding)
        return F.linear(embedding, self.classifier_weight, self.classifier_bias), embedding

    def forward(self, pixels: Tensor) -> Tuple[Tensor, Tensor]:
        tokens = self.embed(pixels)
        for i in range(self.depth()):
            tokens = self.block(tokens, i)
        return self.head(tokens)
