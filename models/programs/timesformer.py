"""TimeSformer (Bertasius et al. 2021, arXiv 2102.05095) with divided space-time attention.

Every frame is cut into P = H/p * W/p patches; with a CLS token in front a clip has N = 1 + P*T
tokens, the T frames of a patch beside each other. In every layer a patch first attends to the same
patch in all frames (temporal attention), then to all patches of its frame (spatial attention). The
CLS token takes part in the spatial attention of every frame, and the mean of what it gathered in
them is what it keeps. The classifier sees it after the final layernorm.
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


def patch_grid(config: Dict[str, float]) -> List[int]:
    """[T, H/p, W/p]"""
    image, patch = sides(config, "image_size", 224), sides(config, "patch_size", 16)
    return [whole(config, "num_frames", 8), image[0] // patch[0], image[1] // patch[1]]


def has_qkv_bias(config: Dict[str, float]) -> bool:
    return number(config, "qkv_bias", 1.0) != 0


class TimeSformer(nn.Module):
    input: List[int]  # [T, C, H, W]
    patch: List[int]  # [p, p]

    def __init__(self) -> None:
        super().__init__()
        self.temporal = SelfAttention()
        self.spatial = SelfAttention()
        self.feed_forward = FeedForward()
        self.input, self.patch = [], []
        self.dense = Linear()  # [D, D] after the temporal attention; none once joined with its output
        self.norm_eps = 1e-6
        self.patches = Linear()  # [D, C*p*p]
        self.cls_token = torch.empty(0)  # [1, 1, D]
        self.position = torch.empty(0)  # [1, 1 + P, D], the CLS token's first
        self.time = torch.empty(0)  # [1, T, D]
        self.norm_weight = torch.empty(0)  # [D]
        self.norm_bias = torch.empty(0)
        self.classifier_weight = torch.empty(0)  # [L, D]
        self.classifier_bias = torch.empty(0)  # [L]

    @torch.jit.export
    def unsupported(self, config: Dict[str, float]) -> List[str]:
        problems = check_common(config)
        for key in config:
            if key.startswith("attention_type.") and key != "attention_type.divided_space_time":
                kind = key[len("attention_type.") :]
                problems.append(f"attention_type is {kind}, expected divided_space_time")
        if len(problems) == 0:
            check_grid(problems, patch_grid(config))
        return problems

    @torch.jit.export
    def rename(self, name: str) -> str:
        return base_name(name, "timesformer")

    @torch.jit.export
    def ignored(self, name: str) -> bool:
        return False

    @torch.jit.export
    def expected(self, config: Dict[str, float]) -> Dict[str, List[int]]:
        shapes: Dict[str, List[int]] = {}
        width, labels = whole(config, "hidden_size", 768), whole(config, "num_labels", 2)
        patch, grid = sides(config, "patch_size", 16), patch_grid(config)
        embeddings = "timesformer.embeddings."
        shapes[embeddings + "cls_token"] = [1, 1, width]
        shapes[embeddings + "position_embeddings"] = [1, 1 + grid[1] * grid[2], width]
        shapes[embeddings + "time_embeddings"] = [1, grid[0], width]
        projection = embeddings + "patch_embeddings.projection"
        shapes[projection + ".weight"] = [width, whole(config, "num_channels", 3)] + patch
        shapes[projection + ".bias"] = [width]
        for i in range(whole(config, "num_hidden_layers", 12)):
            layer = f"timesformer.encoder.layer.{i}."
            for attention in ["temporal_attention", "attention"]:
                shapes[layer + attention + ".attention.qkv.weight"] = [3 * width, width]
                if has_qkv_bias(config):
                    shapes[layer + attention + ".attention.qkv.bias"] = [3 * width]
            expect_norm(shapes, layer + "temporal_layernorm", width)
            expect_linear(shapes, layer + "temporal_attention.output.dense", width, width)
            expect_linear(shapes, layer + "temporal_dense", width, width)
            expect_layer(shapes, layer, config)
        expect_norm(shapes, "timesformer.layernorm", width)
        if labels > 0:
            expect_linear(shapes, "classifier", labels, width)
        return shapes

    @torch.jit.export
    def load(self, weights: Dict[str, Tensor], config: Dict[str, float]) -> List[str]:
        used: List[str] = []
        width, labels = whole(config, "hidden_size", 768), whole(config, "num_labels", 2)
        image, channels = sides(config, "image_size", 224), whole(config, "num_channels", 3)
        self.input = [whole(config, "num_frames", 8), channels, image[0], image[1]]
        self.patch = sides(config, "patch_size", 16)

        embeddings = "timesformer.embeddings."
        self.cls_token = take(weights, used, embeddings + "cls_token")
        self.position = take(weights, used, embeddings + "position_embeddings")
        self.time = take(weights, used, embeddings + "time_embeddings")
        projection = embeddings + "patch_embeddings.projection"
        patch_weight = take(weights, used, projection + ".weight").flatten(1)
        self.patches.clear()
        self.patches.append(patch_weight, take(weights, used, projection + ".bias"))

        self.norm_eps = number(config, "layer_norm_eps", 1e-6)
        heads = whole(config, "num_attention_heads", 12)
        self.temporal.clear(heads, self.norm_eps)
        self.spatial.clear(heads, self.norm_eps)
        self.feed_forward.clear(approximation(config, "none"), self.norm_eps)
        self.dense.clear()
        for i in range(whole(config, "num_hidden_layers", 12)):
            layer = f"timesformer.encoder.layer.{i}."
            weight: List[Tensor] = []
            bias: List[Tensor] = []
            for attention in ["temporal_attention", "attention"]:
                name = layer + attention + ".attention.qkv"
                weight.append(take(weights, used, name + ".weight"))
                if has_qkv_bias(config):
                    bias.append(take(weights, used, name + ".bias"))
                else:
                    bias.append(self.cls_token.new_zeros([3 * width]))
            norm, attention = layer + "temporal_layernorm", layer + "temporal_attention"
            self.temporal.append(weights, used, norm, attention, weight[0], bias[0])
            self.dense.take(weights, used, layer + "temporal_dense")
            norm, attention = layer + "layernorm_before", layer + "attention"
            self.spatial.append(weights, used, norm, attention, weight[1], bias[1])
            self.feed_forward.append(weights, used, layer)

        self.norm_weight = take(weights, used, "timesformer.layernorm.weight")
        self.norm_bias = take(weights, used, "timesformer.layernorm.bias")
        self.classifier_weight = self.cls_token.new_empty([0, width])
        self.classifier_bias = self.cls_token.new_empty([0])
        if labels > 0:
            self.classifier_weight = take(weights, used, "classifier.weight")
            self.classifier_bias = take(weights, used, "classifier.bias")
        return used

    def join(self) -> None:
        """Nothing stands between the temporal attention's output layer and the dense layer after it:
        dense(out(x)) is one linear layer. They are kept apart until here for saving and training."""
        out = self.temporal.out
        for i in range(len(self.dense.weight)):
            dense = self.dense.weight[i]
            out.bias[i] = torch.mv(dense, out.bias[i]) + self.dense.bias[i]
            out.weight[i] = torch.mm(dense, out.weight[i])
        self.dense.clear()

    @torch.jit.export
    def to_bfloat16(self) -> None:
        self.join()  # before anything is rounded
        self.patches.to_bfloat16()
        self.temporal.to_bfloat16()
        self.spatial.to_bfloat16()
        self.feed_forward.to_bfloat16()

    @torch.jit.export
    def pack(self, clips: int) -> None:
        self.join()
        rows = clips * self.input[0] * self.position.size(1)
        self.patches.pack(rows)
        self.temporal.pack(rows)
        self.spatial.pack(rows)
        self.feed_forward.pack(rows)

    @torch.jit.export
    def input_shape(self) -> List[int]:
        return self.input

    @torch.jit.export
    def depth(self) -> int:
        return len(self.spatial.qkv.weight)

    @torch.jit.export
    def cls_tokens(self) -> int:
        return 1

    @torch.jit.export
    def embed(self, pixels: Tensor) -> Tensor:
        grid = patchify(pixels, 1, self.patch[0], self.patch[1]).flatten(5)
        patches = grid.permute(0, 2, 3, 1, 4, 5)  # [B, H/p, W/p, T, C, p*p]
        patches = patches.flatten(4).flatten(1, 2)  # [B, P, T, C*p*p]
        place = self.position[:, 1:].unsqueeze(2) + self.time.unsqueeze(1)
        patches = self.patches.add(patches, place, 0).flatten(1, 2)  # [B, P*T, D]
        cls_token = self.cls_token + self.position[:, :1]
        return torch.cat([cls_token.expand(pixels.size(0), -1, -1), patches], 1)

    def attend_in_time(self, patches: Tensor, i: int) -> Tensor:
        """[B, P*T, D] to the same, attended to over T in each patch and added."""
        sequences = self.temporal.norm(patches, i).view(-1, self.input[0], patches.size(2))
        heads = self.temporal.attend(sequences, i).view(patches.shape)
        if len(self.dense.weight) > 0:
            return self.dense.add(self.temporal.out(heads, i), patches, i)
        return self.temporal.out.add(heads, patches, i)

    def attend_in_space(self, cls_token: Tensor, patches: Tensor, i: int) -> Tensor:
        """[B, 1, D] and [B, P*T, D] to [B, N, D], attended to over 1 + P in each frame and added."""
        frames = self.input[0]
        by_frame = patches.unflatten(1, [-1, frames]).transpose(1, 2)  # [B, T, P, D]
        cls_tokens = cls_token.unsqueeze(1).expand(-1, frames, -1, -1)  # [B, T, 1, D]
        sequences = torch.cat([cls_tokens, by_frame], 2)  # [B, T, 1 + P, D]
        heads = self.spatial.attend(self.spatial.norm(sequences, i).flatten(0, 1), i)
        attended = self.spatial.out.add(heads, sequences.flatten(0, 1), i)
        attended = attended.view(sequences.shape)
        by_patch = attended[:, :, 1:].transpose(1, 2).flatten(1, 2)  # [B, P*T, D]
        return torch.cat([attended[:, :, 0].mean(1, keepdim=True), by_patch], 1)

    @torch.jit.export
    def block(self, tokens: Tensor, i: int) -> Tensor:
        patches = self.attend_in_time(tokens[:, 1:], i)
        return self.feed_forward(self.attend_in_space(tokens[:, :1], patches, i), i)

    def norm(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, [x.size(-1)], self.norm_weight, self.norm_bias, self.norm_eps)

    @torch.jit.export
    def final(self, tokens: Tensor) -> Tensor:
        return self.norm(tokens)

    @torch.jit.export
    def grid(self, tokens: Tensor) -> Tensor:
        rows, columns = self.input[2] // self.patch[0], self.input[3] // self.patch[1]
        return tokens[:, 1:].unflatten(1, [rows, columns, -1]).permute(0, 3, 1, 2, 4)

    @torch.jit.export
    def head(self, tokens: Tensor) -> Tuple[Tensor, Tensor]:
        embedding = self.norm(tokens[:, 0])
        return F.linear(embedding, self.classifier_weight, self.classifier_bias), embedding

    def forward(self, pixels: Tensor) -> Tuple[Tensor, Tensor]:
        tokens = self.embed(pixels)
        for i in range(self.depth()):
            tokens = self.block(tokens, i)
        return self.head(tokens)
