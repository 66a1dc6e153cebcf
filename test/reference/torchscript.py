"""TorchScript files as people make them, and what PyTorch alone makes of one.

torchscript.py make FOLDER CHECKPOINT   traces and scripts of a checkpoint, right and wrong ones
torchscript.py run FILE PIXELS.f32 --shape B,T,3,H,W OUT.f32
                                        logits and embedding, one after the other; tubelet.json to stdout
"""

import argparse
import json
import os
import warnings
from pathlib import Path

import numpy as np
import support
import torch
from torch import Tensor, nn
from transformers import AutoImageProcessor

# What tracing freezes (the size, the number of frames) is what these files promise.
warnings.filterwarnings("ignore", category=torch.jit.TracerWarning)


class Wrapped(nn.Module):
    """transformers' classifier with another kind of answer."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model


class AsTensor(Wrapped):
    def forward(self, pixels: Tensor):
        return self.model(pixels).logits


class AsTuple(Wrapped):
    def forward(self, pixels: Tensor):
        return self.model(pixels, return_dict=False)


class WithEmbedding(Wrapped):
    def forward(self, pixels: Tensor):
        tokens = self.model.base_model(pixels)[0]
        return self.model(pixels).logits, tokens.mean(1)


class WithPooler(Wrapped):
    def forward(self, pixels: Tensor):
        logits, pooled = WithEmbedding(self.model)(pixels)
        return {"pooler_output": pooled, "logits": logits}


class ChannelsFirst(Wrapped):
    def forward(self, pixels: Tensor):
        return self.model(pixels.transpose(1, 2)).logits


class Half(Wrapped):
    def forward(self, pixels: Tensor):
        return self.model(pixels).logits.to(torch.bfloat16)


class Scripted(nn.Module):
    """A scripted program: control flow, a second argument with a default, a named result."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 5)

    def forward(self, pixels: Tensor, scale: float = 1.0) -> dict[str, Tensor]:
        means = pixels.mean([1, 3, 4])
        if scale != 1.0:
            means = means * scale
        return {"logits": self.linear(means), "embedding": means}


class Answers(nn.Module):
    """Wrong answers, by name."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, pixels: Tensor):
        row = pixels.mean([1, 3, 4])
        if self.kind == "flat":
            return row[0]
        if self.kind == "frames":
            return pixels.mean([3, 4])
        if self.kind == "int":
            return row.long()
        if self.kind == "nan":
            return row / 0 * 0
        if self.kind == "tuple":
            return row[0], row
        return {"scores": row}


class Raises(nn.Module):
    def forward(self, pixels: Tensor) -> Tensor:
        if pixels.size(1) > 0:
            raise ValueError("not today")
        return pixels


class TwoTensors(nn.Module):
    def forward(self, pixels: Tensor, mask: Tensor) -> Tensor:
        return pixels * mask


class NoTensor(nn.Module):
    def forward(self, pixels: int) -> int:
        return pixels


class NoForward(nn.Module):
    @torch.jit.export
    def run(self, pixels: Tensor) -> Tensor:
        return pixels


class Writes(nn.Module):
    """Leaves a file behind, as a hostile one might: when it is loaded, and when it is run."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    @torch.jit.export
    def __getstate__(self):
        return self.path, self.training

    @torch.jit.export
    def __setstate__(self, state: tuple[str, bool]) -> None:
        self.path = state[0]
        self.training = state[1]
        torch.save(torch.zeros(1), self.path + ".loaded")

    def forward(self, pixels: Tensor) -> Tensor:
        torch.save(pixels, self.path + ".run")
        return pixels.mean([1, 3, 4])


class Foreign(nn.Module):
    def forward(self, pixels: Tensor) -> Tensor:
        return torch.ops.elsewhere.mean(pixels)


def foreign() -> nn.Module:
    """A program with another library's operator."""
    torch.library.define("elsewhere::mean", "(Tensor pixels) -> Tensor")
    torch.library.impl("elsewhere::mean", "cpu", lambda pixels: pixels.mean([1, 3, 4]))
    return Foreign()


def metadata_of(checkpoint: Path, model: nn.Module) -> str:
    """As docs/torchscript.md says."""
    labels = [model.config.id2label[i] for i in range(model.config.num_labels)]
    processor = AutoImageProcessor.from_pretrained(checkpoint).to_dict()
    sampling = {"stride": 2, "fps": 25}
    frames = model.config.num_frames
    return json.dumps(dict(frames=frames, preprocessor=processor, labels=labels, sampling=sampling))


@torch.no_grad()
def make(folder: Path, checkpoint: Path) -> None:
    model = support.load_model(checkpoint)
    config = model.config
    pixels = torch.zeros([1, config.num_frames, 3, config.image_size, config.image_size])
    tcthw = pixels.transpose(1, 2)

    def save(name: str, program: torch.jit.ScriptModule, **texts: str) -> None:
        torch.jit.save(program, str(folder / f"{name}.pt"), _extra_files=texts)

    def trace(name: str, module: nn.Module, example: Tensor = pixels, **texts: str) -> None:
        traced = torch.jit.trace(module.eval(), example, strict=False, check_trace=False)
        save(name, traced, **texts)

    trace("tensor", AsTensor(model))
    trace("dict", model)  # a ModelOutput becomes a dict
    trace("pooler", WithPooler(model))
    trace("embedding", WithEmbedding(model))
    trace("cthw", ChannelsFirst(model), tcthw)
    trace("half", Half(model))
    trace("metadata", AsTensor(model), **{"tubelet.json": metadata_of(checkpoint, model)})
    trace("tuple", AsTuple(model))
    save("scripted", torch.jit.script(Scripted()))

    for kind in ["flat", "frames", "int", "nan", "tuple", "keys"]:
        trace(f"wrong-{kind}", Answers(kind))
    trace("wrong-operator", foreign())
    for name, module in [
        ("raises", Raises()),
        ("two-tensors", TwoTensors()),
        ("no-tensor", NoTensor()),
        ("no-forward", NoForward()),
        ("writes", Writes(str(folder / "written"))),
    ]:
        save(f"wrong-{name}", torch.jit.script(module))
    (folder / "written.loaded").unlink(missing_ok=True)
    torch.save(model.state_dict(), folder / "wrong-weights.pt")
    torch.save(model.state_dict(), folder / "wrong-pickle.pt", _use_new_zipfile_serialization=False)


def parts(value: object) -> list[Tensor]:
    """Logits and embedding, as far as there are such."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        keys = ["logits", "embedding", "pooler_output"]
        return [value[key] for key in keys if key in value]
    return list(value)


@torch.no_grad()
def run(file: str, pixels: Tensor, out: str) -> None:
    texts = {"tubelet.json": ""}
    program = torch.jit.load(file, _extra_files=texts)
    answer = [part.float().flatten().numpy() for part in parts(program(pixels))]
    support.write_floats(out, np.concatenate(answer))
    text = texts["tubelet.json"]
    support.print_json(json.loads(text) if text else None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    maker = commands.add_parser("make")
    maker.add_argument("folder", type=Path)
    maker.add_argument("checkpoint", type=Path)
    runner = commands.add_parser("run")
    runner.add_argument("file")
    runner.add_argument("pixels")
    runner.add_argument("out")
    runner.add_argument("--shape", type=support.shape_of, required=True)
    arguments = parser.parse_args()
    if arguments.command == "make":
        os.makedirs(arguments.folder, exist_ok=True)
        make(arguments.folder, arguments.checkpoint)
    else:
        pixels = support.read_floats(arguments.pixels, arguments.shape)
        run(arguments.file, pixels, arguments.out)


if __name__ == "__main__":
    main()
