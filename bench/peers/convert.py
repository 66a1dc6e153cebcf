"""Converts a checkpoint into what ONNX Runtime and OpenVINO read, for one clip.

convert.py CHECKPOINT FOLDER

Writes model.onnx, and from it int8.onnx and openvino.xml with openvino.bin; what is there already is left as it is.
Prints {NAME: why it could not be made}.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import openvino
import torch
from onnxruntime.quantization import quantize_dynamic
from reference import load_model

# The newest operators that both read; attention is one of them.
OPSET = 23


class Logits(torch.nn.Module):
    """A tensor: an exported program has no output classes."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.network(pixels).logits


def to_onnx(checkpoint: str, out: Path) -> None:
    network = load_model(checkpoint)
    config = network.config
    pixels = torch.zeros(1, config.num_frames, config.num_channels, config.image_size, config.image_size)
    names = {"input_names": ["pixels"], "output_names": ["logits"]}
    torch.onnx.export(Logits(network), (pixels,), out, opset_version=OPSET, external_data=False, verbose=False, **names)


def to_int8(onnx: Path, out: Path) -> None:
    """The weights of matrix products; what they are multiplied with is quantised at run time."""
    quantize_dynamic(onnx, out, op_types_to_quantize=["MatMul", "Gemm"])


def to_openvino(onnx: Path, out: Path) -> None:
    """With fp32 weights: the fp16 that OpenVINO makes of them by default would blur its fp32 answers."""
    openvino.save_model(openvino.Core().read_model(onnx), out, compress_to_fp16=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("checkpoint")
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()

    folder = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    onnx = folder / "model.onnx"
    failures = {}

    def make(out: Path, convert: Callable[[Path], None]) -> None:
        if out.exists():
            return
        part = out.with_stem("part")
        try:
            convert(part)
            for file in sorted(folder.glob("part.*")):  # openvino.xml last: it says that all is there
                file.rename(out.with_suffix(file.suffix))
        except Exception as error:  # whatever a converter throws at an operator it does not know
            failures[out.name] = f"{type(error).__name__}: {error}"

    make(onnx, lambda out: to_onnx(arguments.checkpoint, out))
    make(folder / "int8.onnx", lambda out: to_int8(onnx, out))
    make(folder / "openvino.xml", lambda out: to_openvino(onnx, out))
    print(json.dumps(failures))


if __name__ == "__main__":
    main()
