"""What the three programs share: reading the configuration, patches, attention and feed-forward.

B clips, T frames, C channels, N tokens, D hidden size, h heads, S sequences of n tokens that attend
to each other. A module here holds one kind of sub-layer for every layer of a transformer: lists with
an entry a layer, because TorchScript cannot build modules at run time.
"""

from typing import Dict, Final, List

import torch
import torch.nn.functional as F
from kernels import attention, linear, linear_add, linear_gelu, pack
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
    """The limits keep a hostile configuration from asking for endless names or tables.

    They are those of lib/base/limits.ts and lib/checkpoints/config.ts.
    """
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
    check(problems, config, "num_channels", 3, 3)
    check(problems, config, "num_frames", 1, 4096)
    check(problems, config, "num_labels", 0, 65536)
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


class Norm(nn.Module):
    """Layer normalisation."""

    weight: List[Tensor]  # [D]
    bias: List[Tensor]

    def __init__(self) -> None:
        super().__init__()
        self.eps = 1e-6
        self.clear(1e-6)

    def clear(self, eps: float) -> None:
        self.eps = eps
        self.weight, self.bias = [], []

    def append(self, weights: Dict[str, Tensor], used: List[str], name: str) -> None:
        self.weight.append(take(weights, used, name + ".weight"))
        self.bias.append(take(weights, used, name + ".bias"))

    def forward(self, x: Tensor, i: int) -> Tensor:
        return F.layer_norm(x, [x.size(-1)], self.weight[i], self.bias[i], self.eps)


class Linear(nn.Module):
    """Linear layers whose weights may be bfloat16, or laid out for inference."""

    weight: List[Tensor]  # [out, in]
    bias: List[Tensor]  # [out]

    def __init__(self) -> None:
        super().__init__()
        self.packed = False
        self.clear()

    def clear(self) -> None:
        self.packed = False
        self.weight, self.bias = [], []

    def append(self, weight: Tensor, bias: Tensor) -> None:
        self.weight.append(weight)
        self.bias.append(bias)

    def take(self, weights: Dict[str, Tensor], used: List[str], name: str) -> None:
        self.append(take(weights, used, name + ".weight"), take(weights, used, name + ".bias"))

    def to_bfloat16(self) -> None:
        for i in range(len(self.weight)):
            self.weight[i] = self.weight[i].to(torch.bfloat16)
            self.bias[i] = self.bias[i].to(torch.bfloat16)

    def pack(self, rows: int) -> None:
        if not self.packed:
            for i in range(len(self.weight)):
                self.weight[i] = pack(self.weight[i], rows)
            self.packed = True

    def forward(self, x: Tensor, i: int) -> Tensor:
        return linear(x, self.weight[i], self.bias[i])

    def gelu(self, x: Tensor, i: int, approximate: str) -> Tensor:
        return linear_gelu(x, self.weight[i], self.bias[i], approximate)

    def add(self, x: Tensor, residual: Tensor, i: int) -> Tensor:
        return linear_add(x, self.weight[i], self.bias[i], residual)


class SelfAttention(nn.Module):
    """Pre-norm multi-head self-attention: out(softmax(q k^T / sqrt(D/h)) v), q, k, v of norm(x)."""

    def __init__(self) -> None:
        super().__init__()
        self.heads = 1
        self.norm = Norm()
        self.qkv = Linear()  # [3D, D]: query, key and value in one product
        self.out = Linear()  # [D, D]

    def clear(self, heads: int, eps: float) -> None:
        self.heads = heads
        self.norm.clear(eps)
        self.qkv.clear()
        self.out.clear()

    def append(
        self,
        weights: Dict[str, Tensor],
        used: List[str],
        norm: str,
        attention: str,
        qkv_weight: Tensor,
        qkv_bias: Tensor,
    ) -> None:
        self.norm.append(weights, used, norm)
        self.qkv.append(qkv_weight, qkv_bias)
        self.out.take(weights, used, attention + ".output.dense")

    def to_bfloat16(self) -> None:
        self.qkv.to_bfloat16()
        self.out.to_bfloat16()

    def pack(self, rows: int) -> None:
        self.qkv.pack(rows)
        self.out.pack(rows)

    def attend(self, x: Tensor, i: int) -> Tensor:
        """Normed tokens [S, n, D] to what the heads gathered, [S, n, D], before `out`."""
        qkv = self.qkv(x, i).unflatten(2, [3, self.heads, -1])
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        return attention(q, k, v)


class FeedForward(nn.Module):
    """Pre-norm feed-forward: x + output(gelu(intermediate(norm(x))))."""

    # The hidden layer is the largest tensor of a forward. Tokens pass in parts that keep it below this
    # many numbers (24 MiB): from 32 MiB on the C library maps and clears fresh pages for it every time.
    largest_hidden: Final[int] = 6 * 1024 * 1024

    def __init__(self) -> None:
        super().__init__()
        self.approximate = "none"
        self.norm = Norm()
        self.intermediate = Linear()  # [4D, D], 4D in all published sizes
        self.output = Linear()  # [D, 4D]

    def clear(self, approximate: str, eps: float) -> None:
        self.approximate = approximate
        self.norm.clear(eps)
        self.intermediate.clear()
        self.output.clear()

    def append(self, weights: Dict[str, Tensor], used: List[str], layer: str) -> None:
        self.norm.append(weights, used, layer + "layernorm_after")
        self.intermediate.take(weights, used, layer + "intermediate.dense")
        self.output.take(weights, used, layer + "output.dense")

    def to_bfloat16(self) -> None:
        self.intermediate.to_bfloat16()
        self.output.to_bfloat16()

    def rows(self, i: int) -> int:
        """Rows of a part."""
        return max(1, self.largest_hidden // self.intermediate.bias[i].size(0))

    def pack(self, rows: int) -> None:
        if len(self.intermediate.bias) > 0:
            rows = min(rows, self.rows(0))
        self.intermediate.pack(rows)
        self.output.pack(rows)

    def forward(self, x: Tensor, i: int) -> Tensor:
        parts = [self.part(part, i) for part in x.flatten(0, 1).split(self.rows(i))]
        return torch.cat(parts).view(x.shape)

    def part(self, x: Tensor, i: int) -> Tensor:
        hidden = self.intermediate.gelu(self.norm(x, i), i, self.approximate)
        return self.output.add(hidden, x, i)
