"""Compiles models/programs/*.py to the weight-free TorchScript programs beside them.

compile_programs.py            writes models/programs/{videomae,timesformer,vivit}.pt
compile_programs.py --check    fails if the committed ones differ from what the sources compile to
"""

import argparse
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import torch

PROGRAMS = Path(__file__).resolve().parents[1] / "models" / "programs"
sys.path.insert(0, str(PROGRAMS))

from timesformer import TimeSformer  # noqa: E402
from videomae import VideoMAE  # noqa: E402
from vivit import ViViT  # noqa: E402

FAMILIES = {"videomae": VideoMAE, "timesformer": TimeSformer, "vivit": ViViT}

SMALL = {
    "hidden_size": 24.0,
    "num_hidden_layers": 2.0,
    "num_attention_heads": 3.0,
    "intermediate_size": 40.0,
    "image_size": 16.0,
    "patch_size": 8.0,
    "num_frames": 4.0,
    "num_labels": 5.0,
} | {f"tubelet_size.{i}": float(size) for i, size in enumerate([2, 8, 8])}


def compile_program(family: str) -> bytes:
    """The archive without its debug records, which hold paths of the machine that compiled it."""
    saved, kept = io.BytesIO(), io.BytesIO()
    torch.jit.save(torch.jit.script(FAMILIES[family]()), saved)
    saved.seek(0)
    reader = torch._C.PyTorchFileReader(saved)
    writer = torch._C.PyTorchFileWriter(kept)
    for name in sorted(reader.get_all_records()):
        if not name.endswith(".debug_pkl") and name not in [".data/serialization_id", "version"]:
            record = reader.get_record(name)
            writer.write_record(name, record, len(record))
    writer.write_end_of_file()
    return kept.getvalue()


def texts(archive: bytes) -> dict[str, bytes]:
    reader = torch._C.PyTorchFileReader(io.BytesIO(archive))
    names = [name for name in reader.get_all_records() if name.startswith("code/")]
    return {name: reader.get_record(name) for name in names}


@torch.inference_mode()
def outputs(archive: bytes) -> Iterator[torch.Tensor]:
    program = torch.jit.load(io.BytesIO(archive))
    generator = torch.Generator().manual_seed(0)
    shapes = sorted(program.expected(SMALL).items())
    weights = {name: torch.randn(shape, generator=generator) for name, shape in shapes}
    program.load(weights, SMALL)
    pixels = torch.randn([2, *program.input_shape()], generator=generator)
    yield from program(pixels)
    program.to_bfloat16()
    yield from program(pixels)
    program.pack(2)
    yield from program(pixels)


def differences(committed: bytes, compiled: bytes) -> list[str]:
    before, after = texts(committed), texts(compiled)
    found = [n for n in sorted(before | after) if before.get(n) != after.get(n)]
    names = [f"{kind}{name}" for kind in ["", "bfloat16 ", "packed "] for name in ["logits", "embedding"]]
    for name, one, other in zip(names, outputs(committed), outputs(compiled), strict=True):
        if not torch.equal(one, other):
            found.append(f"{name} by {(one - other).abs().max():.1e}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="Compiles the weight-free TorchScript programs.")
    parser.add_argument("--check", action="store_true", help="compare with the committed programs")
    check = parser.parse_args().check
    differing = False
    for family in FAMILIES:
        path, compiled = PROGRAMS / f"{family}.pt", compile_program(family)
        if not check:
            path.write_bytes(compiled)
            print(f"{path.name}: {len(compiled)} bytes")
        elif found := differences(path.read_bytes(), compiled):
            differing = True
            print(f"{path.name} differs from its source: {', '.join(found)}")
        else:
            print(f"{path.name} is what its source compiles to")
    if differing:
        print("Run scripts/compile_programs.py and commit the result.")
    return int(differing)


if __name__ == "__main__":
    sys.exit(main())
