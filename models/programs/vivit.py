"""ViViT (Arnab et al. 2021, arXiv 2103.15691), model 1: joint space-time attention over tubelets.

The clip is cut into tubelets of t x h x w pixels (2 x 16 x 16), each becomes one of the N - 1 =
T/t * H/h * W/w patch tokens behind a CLS token, with learned positions. All tokens attend to each
other in every layer; the classifier sees the CLS token after the final layernorm.
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


def tubelet_size(config: Dict[str, float]) -> List[int]:
    """[t, h, w]"""
    t, h = whole(config, "tubelet_size.0", 2), whole(config, "tubelet_size.1", 16)
    return [t, h, whole(config, "tubelet_size.2", 16)]


def patch_grid(config: Dict[str, float]) -> List[int]:
    """[T/t, H/h, W/w]"""
    image, tubelet = sides(config, "image_size", 224), tubelet_size(config)
    frames = whole(config, "num_frames", 32) // tubelet[0]
    return [frames, image[0] // tubelet[1], image[1] // tubelet[2]]


def has_qkv_bias(config: Dict[str, float]) -> bool:
    return number(config, "qkv_bias", 1.0) != 0


class ViViT(nn.Module):
    input: List[int]  # [T, C, H, W]
    tubelet: List[int]  # [t, h, w]

    def __init__(self) -> None:
        super().__init__()
        self.attention = SelfAttention()
        self.feed_forward = FeedForward()
        self.input, self.tubelet = [], []
        self.norm_eps = 1e-6
        self.patches = Linear()  # [D, C*t*h*w]
        self.cls_token = torch.empty(0)  # [1, 1, D]
        self.position = torch.empty(0)  # [1, N, D], the CLS token's first
        self.norm_weight = torch.empty(0)  # [D]
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
        """transformers 5 names the layers in memory like its other models, but not in files."""
        name = base_name(name, "vivit")
        if name.startswith("vivit.layers."):
            name = name.replace("vivit.layers.", "vivit.encoder.layer.")
            name = name.replace(".attention.q_proj.", ".attention.attention.query.")
            name = name.replace(".attention.k_proj.", ".attention.attention.key.")
            name = name.replace(".attention.v_proj.", ".attention.attention.value.")
            name = name.replace(".attention.o_proj.", ".attention.output.dense.")
            name = name.replace(".mlp.fc1.", ".intermediate.dense.")
            name = name.replace(".mlp.fc2.", ".output.dense.")
        return name

    @torch.jit.export
    def ignored(self, name: str) -> bool:
        """A base model may carry a pooler, which no classifier of this family has."""
        return name.startswith("vivit.pooler.")

    @torch.jit.export
    def expected(self, config: Dict[str, float]) -> Dict[str, List[int]]:
        shapes: Dict[str, List[int]] = {}
        width, labels = whole(config, "hidden_size", 768), whole(config, "num_labels", 2)
        grid = patch_grid(config)
        embeddings = "vivit.embeddings."
        shapes[embeddings + "cls_token"] = [1, 1, width]
        shapes[embeddings + "position_embeddings"] = [1, 1 + grid[0] * grid[1] * grid[2], width]
        projection = embeddings + "patch_embeddings.projection"
        kernel = [width, whole(config, "num_channels", 3)] + tubelet_size(config)
        shapes[projection + ".weight"] = kernel
        shapes[projection + ".bias"] = [width]
        for i in range(whole(config, "num_hidden_layers", 12)):
            layer = f"vivit.encoder.layer.{i}."
            for part in ["query", "key", "value"]:
                shapes[layer + f"attention.attention.{part}.weight"] = [width, width]
                if has_qkv_bias(config):
                    shapes[layer + f"attention.attention.{part}.bias"] = [width]
            expect_layer(shapes, layer, config)
        expect_norm(shapes, "vivit.layernorm", width)
        if labels > 0:
            expect_linear(shapes, "classifier", labels, width)
        return shapes

    @torch.jit.export
    def load(self, weights: Dict[str, Tensor], config: Dict[str, float]) -> List[str]:
        used: List[str] = []
        width, labels = whole(config, "hidden_size", 768), whole(config, "num_labels", 2)
        image, channels = sides(config, "image_size", 224), whole(config, "num_channels", 3)
        self.input = [whole(config, "num_frames", 32), channels, image[0], image[1]]
        self.tubelet = tubelet_size(config)

        embeddings = "vivit.embeddings."
        self.cls_token = take(weights, used, embeddings + "cls_token")
        self.position = take(weights, used, embeddings + "position_embeddings")
        projection = embeddings + "patch_embeddings.projection"
        patch_weight = take(weights, used, projection + ".weight").flatten(1)
        self.patches.clear()
        self.patches.append(patch_weight, take(weights, used, projection + ".bias"))

        self.norm_eps = number(config, "layer_norm_eps", 1e-6)
        self.attention.clear(whole(config, "num_attention_heads", 12), self.norm_eps)
        self.feed_forward.clear(approximation(config, "tanh"), self.norm_eps)
        for i in range(whole(config, "num_hidden_layers", 12)):
            layer = f"vivit.encoder.layer.{i}."
            weight: List[Tensor] = []
            bias: List[Tensor] = []
            for part in ["query", "key", "value"]:
                name = layer + f"attention.attention.{part}"
                weight.append(take(weights, used, name + ".weight"))
                if has_qkv_bias(config):
                    bias.append(take(weights, used, name + ".bias"))
                else:
                    bias.append(self.cls_token.new_zeros([width]))
            norm, attention = layer + "layernorm_before", layer + "attention"
            self.attention.append(weights, used, norm, attention, torch.cat(weight), torch.cat(bias))
            self.feed_forward.append(weights, used, layer)

        self.norm_weight = take(weights, used, "vivit.layernorm.weight")
        self.norm_bias = take(weights, used, "vivit.layernorm.bias")
        self.classifier_weight = self.cls_token.new_empty([0, width])
        self.classifier_bias = self.cls_token.new_empty([0])
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
        return 1

    @torch.jit.export
    def embed(self, pixels: Tensor) -> Tensor:
        grid = patchify(pixels, self.tubelet[0], self.tubelet[1], self.tubelet[2])
        patches = grid.flatten(4).flatten(1, 3)  # [B, N - 1, C*t*h*w]
        patches = self.patches.add(patches, self.position[:, 1:], 0)
        cls_token = self.cls_token + self.position[:, :1]
        return torch.cat([cls_token.expand(pixels.size(0), -1, -1), patches], 1)

    @torch.jit.export
    def block(self, tokens: Tensor, i: int) -> Tensor:
        heads = self.attention.attend(self.attention.norm(tokens, i), i)
        return self.feed_forward(self.attention.out.add(heads, tokens, i), i)

    def norm(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, [x.size(-1)], self.norm_weight, self.norm_bias, self.norm_eps)

    @torch.jit.export
    def final(self, tokens: Tensor) -> Tensor:
        return self.norm(tokens)

    @torch.jit.export
    def grid(self, tokens: Tensor) -> Tensor:
        rows, columns = self.input[2] // self.tubelet[1], self.input[3] // self.tubelet[2]
        return tokens[:, 1:].unflatten(1, [-1, rows, columns])

    @torch.jit.export
    def head(self, tokens: Tensor) -> Tuple[Tensor, Tensor]:
        embedding = self.norm(tokens[:, 0])
        return F.linear(embedding, self.classifier_weight, self.classifier_bias), embedding

    def forward(self, pixels: Tensor) -> Tuple[Tensor, Tensor]:
        tokens = self.embed(pixels)
        for i in range(self.depth()):
            tokens = self.block(tokens, i)
        return self.head(tokens)
