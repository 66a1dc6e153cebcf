"""Lets transformers' image processors use a torchvision that was built against another PyTorch.

They need its Python code only. That code refuses to import while its compiled operators are
missing, so this declares them, empty. Import this module before transformers; without torchvision,
or with one whose operators load, it does nothing.
"""

import importlib.util

import torch

OPERATORS = ("nms", "qnms", "roi_align", "roi_pool", "ps_roi_align", "ps_roi_pool", "deform_conv2d")

if importlib.util.find_spec("torchvision"):
    try:
        import torchvision
    except RuntimeError:
        # Kept in a variable: the schemas live only as long.
        _library = torch.library.Library("torchvision", "FRAGMENT")
        for _name in OPERATORS:
            _library.define(f"{_name}() -> Tensor")
        import torchvision  # noqa: F401
