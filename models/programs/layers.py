"""What the three programs share: reading the configuration, patches, attention and feed-forward.

B clips, T frames, C channels, N tokens, D hidden size, h heads, S sequences of n tokens that attend
to each other. A module here holds one kind of sub-layer for every layer of a transformer: lists with
an entry a layer, because TorchScript cannot build modules at run time.
"""

from typing import Dict, Final, List

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def number(config: Dict[str, float], name: str, default: float) -> float:
    return config.get(name, default)


def whole(config: Dict[str, float], name: str, default: int) -> int:
    return int(number(config, name, float(default)))


def sides(config: Dict[str, float], name: str, default: int) -> List[int]:
    """[height, width] of a field that is one number or a list of two."""
    side = whole(config, name, default)
    return [whole(config, name + ".0", side), whole(config, name + ".1", side)]


def check(problems: List[str], config: Dict[str, float], name: str, low: int, high: int) -> None:
    """The limits keep a hostile configuration from asking for endless names or tables."""
    if name in config:
        value = config[name]
        if not (low <= value <= high and value == float(int(value))):
            problems.append(f"{name} is {value}, expected a whole number from {low} to {high}")


def check_common(config: Dict[str, float]) -> List[str]:
    """What every family asks of its configuration; run before anything else reads it."""
    problems: List[str] = []
    check(problems, config, "hidden_size", 1, 65536)
    check(problems, config, "intermediate_size", 1, 262144)
    check(problems, config, "num_hidden_layers", 1, 1024)
    check(problems, config, "num_attention_heads", 1, 1024)
    check(problems, config, "num_channels", 1, 64)
    check(problems, config, "num_frames", 1, 4096)
    check(problems, config, "num_labels", 0, 1000000)
    for name in ["image_size", "patch_size", "tubelet_size"]:
        for key in [name, name + ".0", name + ".1", name + ".2"]:
            check(problems, config, key, 1, 4096)
    if not 0 <= number(config, "layer_norm_eps", 1e-6) < 1:
        problems.append(f"layer_norm_eps is {config['layer_norm_eps']}, expected 0 to 1")
    for key in config:
        if key.startswith("hidden_act.") and gelu_approximation(key[len("hidden_act.") :]) == "":
            problems.append(f"hidden_act is {key[len('hidden_act.') :]}, expected a kind of GELU")
    if len(problems) == 0:
        width, heads = whole(config, "hidden_size", 768), whole(config, "num_attention_heads", 12)
        if width % heads != 0:
            problems.append(f"hidden_size {width} is no multiple of num_attention_heads {heads}")
    return problems


def check_grid(problems: List[str], grid: List[int]) -> None:
    """The grid of patches (frames x rows x columns) must hold something, and not be endless."""
    if len(problems) == 0:
        patches = grid[0] * grid[1] * grid[2]
        if not 1 <= patches <= 262144:
            problems.append(f"frames and image make {patches} patches, expected 1 to 262144")


def gelu_approximation(name: str) -> str:
    """transformers' names for GELU: exact ("none"), by tanh ("tanh"), or no GELU ("").

    Its gelu_fast, gelu_new and gelu_accurate spell the tanh formula out in several passes; F.gelu
    takes one and differs by rounding alone.
    """
    if name == "gelu" or name == "gelu_python":
        return "none"
    tanh = ["gelu_fast", "gelu_new", "gelu_accurate", "gelu_pytorch_tanh", "gelu_python_tanh"]
    return "tanh" if name in tanh else ""


def approximation(config: Dict[str, float], default: str) -> str:
    for key in config:
        if key.startswith("hidden_act."):
            return gelu_approximation(key[len("hidden_act.") :])
    return default


def base_name(name: str, prefix: str) -> str:
    """A base model saved alone lacks the prefix that its name has inside a classifier."""
    for part in ["embeddings.", "encoder.", "layernorm.", "layers.", "pooler."]:
        if name.startswith(part):
            return prefix + "." + name
    return name


def take(weights: Dict[str, Tensor], used: List[str], name: str) -> Tensor:
    used.append(name)
    return weights[name]


def expect_linear(shapes: Dict[str, List[int]], name: str, rows: int, columns: int) -> None:
    shapes[name + ".weight"] = [rows, columns]
    shapes[name + ".bias"] = [rows]


def expect_norm(shapes: Dict[str, List[int]], name: str, width: int) -> None:
    shapes[name + ".weight"] = [width]
    shapes[name + ".bias"] = [width]


def expect_layer(shapes: Dict[str, List[int]], layer: str, config: Dict[str, float]) -> None:
    """A layer's tensors whose names all three families share: all but query, key and value."""
    width = whole(config, "hidden_size", 768)
    inner = whole(config, "intermediate_size", 3072)
    expect_norm(shapes, layer + "layernorm_before", width)
    expect_linear(shapes, layer + "attention.output.dense", width, width)
    expect_norm(shapes, layer + "layernorm_after", width)
    expect_linear(shapes, layer + "intermediate.dense", inner, width)
    expect_linear(shapes, layer + "output.dense", width, inner)


def patchify(pixels: Tensor, frames: int, height: int, width: int) -> Tensor:
    """[B, T, C, H, W] to [B, T/frames, H/height, W/width, C, frames, height, width], a view.

    The last four dimensions are one tubelet in the order of a convolution's kernel, so that a linear
    layer on them is the convolution that the papers describe. Like one, it drops a remainder.
    """
    t, rows, columns = pixels.size(1) // frames, pixels.size(3) // height, pixels.size(4) // width
    pixels = pixels[:, : t * frames, :, : rows * height, : columns * width]
    grid = pixels.unflatten(4, [columns, width]).unflatten(3, [rows, height])
    return grid.unflatten(1, [t, frames]).permute(0, 1, 4, 6, 3, 2, 5, 7)


class SelfAttention(nn.Module):
    """Pre-norm multi-head self-attention: out(softmax(q k^T / sqrt(D/h)) v), q, k, v of norm(x)."""

    norm_weight: List[Tensor]  # [D]
    norm_bias: List[Tensor]
    qkv_weight: List[Tensor]  # [3D, D]: query, key and value in one product
    qkv_bias: List[Tensor]
    out_weight: List[Tensor]  # [D, D]
    out_bias: List[Tensor]

    # Every block of queries reads all keys and values. In sequences longer than this, copying them out
    # of the fused product, so that they lie close together, costs a CPU less than it saves.
    long_sequence: Final[int] = 1024

    def __init__(self) -> None:
        super().__init__()
        self.heads = 1
        self.eps = 1e-6
        self.clear(1, 1e-6)

    def clear(self, heads: int, eps: float) -> None:
        self.heads, self.eps = heads, eps
        self.norm_weight, self.norm_bias = [], []
        self.qkv_weight, self.qkv_bias = [], []
        self.out_weight, self.out_bias = [], []

    def append(
        self,
        weights: Dict[str, Tensor],
        used: List[str],
        norm: str,
        attention: str,
        qkv_weight: Tensor,
        qkv_bias: Tensor,
    ) -> None:
        self.norm_weight.append(take(weights, used, norm + ".weight"))
        self.norm_bias.append(take(weights, used, norm + ".bias"))
        self.qkv_weight.append(qkv_weight)
        self.qkv_bias.append(qkv_bias)
        self.out_weight.append(take(weights, used, attention + ".output.dense.weight"))
        self.out_bias.append(take(weights, used, attention + ".output.dense.bias"))

    def norm(self, x: Tensor, i: int) -> Tensor:
        return F.layer_norm(x, [x.size(-1)], self.norm_weight[i], self.norm_bias[i], self.eps)

    def attend(self, x: Tensor, i: int) -> Tensor:
        """Normed tokens [S, n, D] to what the heads gathered, [S, n, D], before `out`."""
        qkv = F.linear(x, self.qkv_weight[i], self.qkv_bias[i])
        q, k, v = qkv.unflatten(2, [3, self.heads, -1]).permute(2, 0, 3, 1, 4).unbind(0)
        if x.is_cpu and x.size(1) > self.long_sequence:
            k, v = k.contiguous(), v.contiguous()
        return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)

    def project(self, x: Tensor, residual: Tensor, i: int) -> Tensor:
        return F.linear(x, self.out_weight[i], self.out_bias[i]).add_(residual)


class FeedForward(nn.Module):
    """Pre-norm feed-forward: x + output(gelu(intermediate(norm(x))))."""

    norm_weight: List[Tensor]  # [D]
    norm_bias: List[Tensor]
    intermediate_weight: List[Tensor]  # [4D, D], 4D in all published sizes
    intermediate_bias: List[Tensor]
    output_weight: List[Tensor]  # [D, 4D]
    output_bias: List[Tensor]

    # The hidden layer is the largest tensor of a forward. Tokens pass in parts that keep it below this
    # many numbers (24 MiB): from 32 MiB on the C library maps and clears fresh pages for it every time.
    largest_hidden: Final[int] = 6 * 1024 * 1024

    def __init__(self) -> None:
        super().__init__()
        self.approximate = "none"
        self.eps = 1e-6
        self.clear("none", 1e-6)

    def clear(self, approximate: str, eps: float) -> None:
        self.approximate, self.eps = approximate, eps
        self.norm_weight, self.norm_bias = [], []
        self.intermediate_weight, self.intermediate_bias = [], []
        self.output_weight, self.output_bias = [], []

    def append(self, weights: Dict[str, Tensor], used: List[str], layer: str) -> None:
        self.norm_weight.append(take(weights, used, layer + "layernorm_after.weight"))
        self.norm_bias.append(take(weights, used, layer + "layernorm_after.bias"))
        self.intermediate_weight.append(take(weights, used, layer + "intermediate.dense.weight"))
        self.intermediate_bias.append(take(weights, used, layer + "intermediate.dense.bias"))
        self.output_weight.append(take(weights, used, layer + "output.dense.weight"))
        self.output_bias.append(take(weights, used, layer + "output.dense.bias"))

    def forward(self, x: Tensor, i: int) -> Tensor:
        rows = max(1, self.largest_hidden // self.intermediate_weight[i].size(0))
        parts = [self.part(part, i) for part in x.flatten(0, 1).split(rows)]
        return torch.cat(parts).view(x.shape)

    def part(self, x: Tensor, i: int) -> Tensor:
        hidden = F.layer_norm(x, [x.size(-1)], self.norm_weight[i], self.norm_bias[i], self.eps)
        hidden = F.linear(hidden, self.intermediate_weight[i], self.intermediate_bias[i])
        if torch.is_grad_enabled():
            hidden = F.gelu(hidden, approximate=self.approximate)
        else:
            hidden = torch.ops.aten.gelu_(hidden, approximate=self.approximate)
        return F.linear(hidden, self.output_weight[i], self.output_bias[i]).add_(x)
