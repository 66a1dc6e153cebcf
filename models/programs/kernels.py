"""The operations that take a program's time, in plain PyTorch.

Inside tubelet native kernels take the place of these functions, found by their names
(binding/model/kernels/kernels.cc): which one, is chosen where the program runs. Anywhere else, and in training,
a program runs what is written here.

The weight of a linear layer says in which type the layer multiplies: float32 or bfloat16. It is the type
of what comes out too, except where that is added to a sum.
"""

import torch.nn.functional as F
from torch import Tensor


def pack(weight: Tensor, rows: int) -> Tensor:
    """The weight [out, in] of a linear layer, laid out for inputs of about so many rows.

    What comes back is good for the functions below only.
    """
    return weight


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """[..., in] to [..., out]"""
    return F.linear(x.to(weight.dtype), weight, bias)


def linear_gelu(x: Tensor, weight: Tensor, bias: Tensor, approximate: str) -> Tensor:
    return F.gelu(F.linear(x.to(weight.dtype), weight, bias), approximate=approximate)


def linear_add(x: Tensor, weight: Tensor, bias: Tensor, residual: Tensor) -> Tensor:
    """residual + linear(x), in the residual's type."""
    return residual + F.linear(x.to(weight.dtype), weight, bias)


def attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """softmax(q k^T / sqrt(d)) v for q, k, v [S, h, n, d], as [S, n, h * d]."""
    return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
