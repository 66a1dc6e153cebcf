"""Writes damaged and malicious copies of a tiny checkpoint, a folder each.

hostile.py OUT

Prints [{"name", "folder", "code", "why"}, ...]: the error code that loading each must give. Those
that would run foreign code touch OUT/executed; it must not exist afterwards.
"""

import argparse
import io
import json
import os
import pickle
import shutil
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import support
import torch
from checkpoints import write_checkpoint

MISMATCH, INVALID = "CHECKPOINT_MISMATCH", "MODEL_INVALID"
BIAS = "videomae.embeddings.patch_embeddings.projection.bias"
Tensors = dict[str, torch.Tensor]
Cases = dict[str, tuple[str, bytes]]  # name: what is wrong, and the file


# --- safetensors: a length, that much JSON, the data ---


def read_safetensors(path: Path) -> tuple[dict, bytes]:
    blob = path.read_bytes()
    (length,) = struct.unpack("<Q", blob[:8])
    return json.loads(blob[8 : 8 + length]), blob[8 + length :]


def safetensors(header: dict | bytes, data: bytes, length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def hostile_safetensors(header: dict, data: bytes) -> Cases:
    def edited(**fields) -> bytes:
        return safetensors(header | {BIAS: header[BIAS] | fields}, data)

    good = safetensors(header, data)
    start, end = header[BIAS]["data_offsets"]
    text = json.dumps(header).encode()
    nan = bytearray(data)
    nan[start : start + 4] = struct.pack("<f", float("nan"))
    infinite = bytearray(data)
    infinite[start : start + 4] = struct.pack("<f", float("inf"))
    without = {name: entry for name, entry in header.items() if name != BIAS}

    return {
        "nan": ("a weight is not a number", safetensors(header, bytes(nan))),
        "infinite": ("a weight is infinite", safetensors(header, bytes(infinite))),
        "empty": ("an empty file", b""),
        "seven-bytes": ("shorter than the header's length", good[:7]),
        "truncated": ("cut off in the data", good[: len(good) * 2 // 3]),
        "truncated-header": ("cut off in the header", good[:200]),
        "trailing": ("bytes after the last tensor", good + b"\0" * 64),
        "long-header": ("a header beyond the end", safetensors(header, data, len(good))),
        "huge-header": ("a header of 2^63 bytes", safetensors(header, data, 1 << 63)),
        "bad-json": ("a header that is no JSON", safetensors(text[:-2], data)),
        "no-object": ("a header that is a list", safetensors(b"[" + text + b"]", data)),
        "deep-json": ("a deeply nested header", safetensors(b"[" * 100000, data)),
        "unknown-type": ("an unknown dtype", edited(dtype="F7")),
        "integers": ("integers for weights", edited(dtype="I32")),
        "overlap": ("two tensors share bytes", edited(data_offsets=[0, end - start])),
        "beyond-end": ("a tensor beyond the end", edited(data_offsets=[len(data), len(data) + end - start])),
        "backwards": ("an end before its start", edited(data_offsets=[end, start])),
        "negative": ("a negative offset", edited(data_offsets=[-4, end - start - 4])),
        "wrong-length": ("fewer bytes than the shape", edited(data_offsets=[start, end - 4])),
        "fraction": ("a fraction in the shape", edited(shape=[47.5])),
        "overflow": ("a product of sides beyond 2^64", edited(shape=[1 << 62, 1 << 62])),
        "gap": ("data that belongs to no tensor", safetensors(without, data)),
    }


# --- pytorch_model.bin: a zip with a pickle, and a record for each storage ---


@dataclass
class Storage:
    key: str
    numel: int
    kind: type = torch.FloatStorage


@dataclass
class Call:
    """Pickles as a call of `function`, which need not make sense."""

    function: Callable
    arguments: tuple

    def __reduce__(self):
        return self.function, self.arguments


class Pickler(pickle.Pickler):
    def persistent_id(self, value):
        if isinstance(value, Storage):
            return ("storage", value.kind, value.key, "cpu", value.numel)
        return None


def pickled(value: object, protocol: int = 2) -> bytes:
    out = io.BytesIO()
    Pickler(out, protocol=protocol).dump(value)
    return out.getvalue()


def zipped(pickle_bytes: bytes, records: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("archive/data.pkl", pickle_bytes)
        archive.writestr("archive/byteorder", "little")
        for key, record in records.items():
            archive.writestr(f"archive/data/{key}", record)
        archive.writestr("archive/version", "3\n")
    return out.getvalue()


def tensor(storage: Storage, offset: int, size: tuple, stride: tuple) -> Call:
    return Call(torch._utils._rebuild_tensor_v2, (storage, offset, size, stride, False, OrderedDict()))


def hostile_bins(tensors: Tensors, marker: Path) -> Cases:
    records = {str(i): t.numpy().tobytes() for i, t in enumerate(tensors.values())}
    keys = {name: str(i) for i, name in enumerate(tensors)}

    def entries() -> OrderedDict:
        return OrderedDict(
            (name, tensor(Storage(keys[name], t.numel()), 0, tuple(t.shape), t.stride())) for name, t in tensors.items()
        )

    def replacing(value: object, **changed: bytes) -> bytes:
        return zipped(pickled(entries() | {BIAS: value}), records | changed)

    bias = tensors[BIAS]
    key, count = keys[BIAS], bias.numel()
    whole = Storage(key, count)
    good = zipped(pickled(entries()), records)
    legacy, nested = io.BytesIO(), io.BytesIO()
    torch.save(OrderedDict(tensors), legacy, _use_new_zipfile_serialization=False)
    torch.save({"state_dict": OrderedDict(tensors)}, nested)
    system = Call(os.system, (f"touch {marker}",))
    run = Call(eval, (f"open({str(marker)!r}, 'w')",))
    state = pickled(entries())

    return {
        "system": ("calls os.system", replacing(system)),
        "eval": ("calls eval", replacing(run)),
        "protocol-4": ("calls os.system by STACK_GLOBAL", zipped(pickled(system, protocol=4), records)),
        "instance": (
            "calls os.system by INST",
            zipped(b"(S'touch %s'\nios\nsystem\n." % str(marker).encode(), records),
        ),
        "opcode": ("an opcode that no pickle has", zipped(b"\x80\x02\xff.", records)),
        "extension": ("the EXT1 opcode", zipped(b"\x80\x02\x82\x01.", records)),
        "no-stop": ("a pickle that does not end", zipped(state[:-1], records)),
        "cut-pickle": ("a pickle cut off", zipped(state[: len(state) // 2], records)),
        "underflow": ("pops from an empty stack", zipped(b"\x80\x02R.", records)),
        "unknown-memo": ("reads a memo never written", zipped(b"\x80\x02h\x07.", records)),
        "huge-string": ("a string of 4 GiB", zipped(b"\x80\x02X\xff\xff\xff\xff.", records)),
        "no-tensors": ("a pickle of a number", zipped(b"\x80\x02K\x01.", records)),
        "not-a-tensor": ("a string for a tensor", replacing("weights")),
        "nested-tensor": (
            "a nested tensor",
            replacing(Call(torch._utils._rebuild_nested_tensor, (whole, (count,), (1,), (0,)))),
        ),
        "nested-dictionary": ("a training checkpoint around the weights", nested.getvalue()),
        "legacy": ("the format before zip", legacy.getvalue()),
        "large-storage": (
            "a storage larger than its record",
            replacing(tensor(Storage(key, count * 1000), 0, (count,), (1,))),
        ),
        "large-tensor": (
            "a tensor and its storage larger than the record",
            replacing(tensor(Storage(key, count * 1000), 0, (count * 1000,), (1,))),
        ),
        "stride": ("strides out of the storage", replacing(tensor(whole, 0, (count,), (1 << 40,)))),
        "stride-overflow": ("strides whose product overflows", replacing(tensor(whole, 0, (count,), (1 << 62,)))),
        "negative-stride": ("a negative stride", replacing(tensor(whole, count - 1, (count,), (-1,)))),
        "offset": ("an offset beyond the storage", replacing(tensor(whole, count, (count,), (1,)))),
        "negative-offset": ("a negative offset", replacing(tensor(whole, -8, (count,), (1,)))),
        "negative-size": ("a negative side", replacing(tensor(whole, 0, (-1,), (1,)))),
        "size-overflow": ("a product of sides beyond 2^64", replacing(tensor(whole, 0, (1 << 62, 1 << 62), (1, 1)))),
        "missing-record": (
            "a storage without a record",
            replacing(tensor(Storage("nowhere", count), 0, (count,), (1,))),
        ),
        "outside-record": (
            "a storage named out of its folder",
            replacing(tensor(Storage("../version", count), 0, (count,), (1,))),
        ),
        "integer-storage": (
            "integers for weights",
            replacing(tensor(Storage(key, count, torch.LongStorage), 0, (count,), (1,)), **{key: bytes(8 * count)}),
        ),
        "no-zip": ("text", b"version https://git-lfs.github.com/spec/v1\n" * 3),
        "truncated-zip": ("a zip cut off", good[: len(good) * 2 // 3]),
        "no-pickle": ("a zip with an empty pickle", zipped(b"", {})),
    }


def misfits(tensors: Tensors) -> dict[str, tuple[str, Tensors]]:
    """Sound files whose tensors do not fit the configuration."""
    return {
        "dropped": ("a tensor is missing", {n: t for n, t in tensors.items() if n != BIAS}),
        "no-classifier": ("no classifier", {n: t for n, t in tensors.items() if not n.startswith("classifier.")}),
        "extra": ("a tensor is left over", tensors | {"videomae.extra": torch.ones(3)}),
        "misshapen": ("a tensor has another shape", tensors | {BIAS: torch.ones(49)}),
    }


def as_bin(tensors: Tensors) -> bytes:
    out = io.BytesIO()
    torch.save(OrderedDict(tensors), out)
    return out.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out.resolve()

    out.mkdir(parents=True, exist_ok=True)
    base = out / "sound"
    write_checkpoint(base, "videomae", "tiny", seed=3)
    weights = base / "model.safetensors"
    tensors = support.load_file(weights)
    written = []

    def write(file: str, code: str, cases: Cases) -> None:
        for case, (why, content) in cases.items():
            name = f"{Path(file).suffix[1:]}-{case}"
            shutil.copytree(base, out / name, ignore=shutil.ignore_patterns(weights.name))
            (out / name / file).write_bytes(content)
            written.append({"name": name, "folder": str(out / name), "code": code, "why": why})

    unfitting = misfits(tensors)
    nan = tensors | {BIAS: torch.full_like(tensors[BIAS], torch.nan)}
    bins = {"nan": ("weights are not numbers", as_bin(nan))} | hostile_bins(tensors, out / "executed")
    write("model.safetensors", MISMATCH, {n: (why, support.saved(changed)) for n, (why, changed) in unfitting.items()})
    write("model.safetensors", INVALID, hostile_safetensors(*read_safetensors(weights)))
    write("pytorch_model.bin", MISMATCH, {n: (why, as_bin(changed)) for n, (why, changed) in unfitting.items()})
    write("pytorch_model.bin", INVALID, bins)
    support.print_json(written)


if __name__ == "__main__":
    main()
