"""Writes damaged and malicious copies of a tiny checkpoint, a folder each.

hostile.py OUT

Prints [{"name", "folder", "code", "why"}, ...]: the error code that loading each must give. Those
that would run foreign code touch OUT/executed; it must not exist afterwards.
"""

import argparse
import io
import json
import pickle
import shutil
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import support
import torch
from checkpoints import write_checkpoint

MISMATCH, INVALID = "CHECKPOINT_MISMATCH", "MODEL_INVALID"
BIAS = "videomae.embeddings.patch_embeddings.projection.bias"
Tensors = dict[str, torch.Tensor]


# --- safetensors: a length, that much JSON, the data ---


def read_safetensors(path: Path) -> tuple[dict, bytes]:
    blob = path.read_bytes()
    (length,) = struct.unpack("<Q", blob[:8])
    return json.loads(blob[8 : 8 + length]), blob[8 + length :]


def safetensors(header: dict | bytes, data: bytes, length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def hostile_safetensors(header: dict, data: bytes) -> Iterator[tuple[str, str, str, bytes]]:
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

    yield "nan", INVALID, "a weight is not a number", safetensors(header, bytes(nan))
    yield "infinite", INVALID, "a weight is infinite", safetensors(header, bytes(infinite))
    yield "empty", INVALID, "an empty file", b""
    yield "seven-bytes", INVALID, "shorter than the header's length", good[:7]
    yield "truncated", INVALID, "cut off in the data", good[: len(good) * 2 // 3]
    yield "truncated-header", INVALID, "cut off in the header", good[:200]
    yield "trailing", INVALID, "bytes after the last tensor", good + b"\0" * 64
    yield "long-header", INVALID, "a header beyond the end", safetensors(header, data, len(good))
    yield "huge-header", INVALID, "a header of 2^63 bytes", safetensors(header, data, 1 << 63)
    yield "bad-json", INVALID, "a header that is no JSON", safetensors(text[:-2], data)
    yield "no-object", INVALID, "a header that is a list", safetensors(b"[" + text + b"]", data)
    yield "deep-json", INVALID, "a deeply nested header", safetensors(b"[" * 100000, data)
    yield "unknown-type", INVALID, "an unknown dtype", edited(dtype="F7")
    yield "integers", INVALID, "integers for weights", edited(dtype="I32")
    yield "overlap", INVALID, "two tensors share bytes", edited(data_offsets=[0, end - start])
    yield "beyond-end", INVALID, "a tensor beyond the end", edited(
        data_offsets=[len(data), len(data) + end - start]
    )
    yield "backwards", INVALID, "an end before its start", edited(data_offsets=[end, start])
    yield "negative", INVALID, "a negative offset", edited(data_offsets=[-4, end - start - 4])
    yield "wrong-length", INVALID, "fewer bytes than the shape", edited(data_offsets=[start, end - 4])
    yield "fraction", INVALID, "a fraction in the shape", edited(shape=[47.5])
    yield "overflow", INVALID, "a product of sides beyond 2^64", edited(shape=[1 << 62, 1 << 62])
    yield "gap", INVALID, "data that belongs to no tensor", safetensors(without, data)


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
    return Call(
        torch._utils._rebuild_tensor_v2, (storage, offset, size, stride, False, OrderedDict())
    )


def hostile_bins(tensors: Tensors, marker: Path) -> Iterator[tuple[str, str, str, bytes]]:
    records = {str(i): t.numpy().tobytes() for i, t in enumerate(tensors.values())}
    keys = {name: str(i) for i, name in enumerate(tensors)}

    def entries() -> OrderedDict:
        return OrderedDict(
            (name, tensor(Storage(keys[name], t.numel()), 0, tuple(t.shape), t.stride()))
            for name, t in tensors.items()
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
    system = Call(__import__("os").system, (f"touch {marker}",))
    run = Call(eval, (f"open({str(marker)!r}, 'w')",))
    state = pickled(entries())

    yield "system", INVALID, "calls os.system", replacing(system)
    yield "eval", INVALID, "calls eval", replacing(run)
    yield "protocol-4", INVALID, "calls os.system by STACK_GLOBAL", zipped(
        pickled(system, protocol=4), records
    )
    yield "instance", INVALID, "calls os.system by INST", zipped(
        b"(S'touch %s'\nios\nsystem\n." % str(marker).encode(), records
    )
    yield "opcode", INVALID, "an opcode that no pickle has", zipped(b"\x80\x02\xff.", records)
    yield "extension", INVALID, "the EXT1 opcode", zipped(b"\x80\x02\x82\x01.", records)
    yield "no-stop", INVALID, "a pickle that does not end", zipped(state[:-1], records)
    yield "cut-pickle", INVALID, "a pickle cut off", zipped(state[: len(state) // 2], records)
    yield "underflow", INVALID, "pops from an empty stack", zipped(b"\x80\x02R.", records)
    yield "unknown-memo", INVALID, "reads a memo never written", zipped(b"\x80\x02h\x07.", records)
    yield "huge-string", INVALID, "a string of 4 GiB", zipped(b"\x80\x02X\xff\xff\xff\xff.", records)
    yield "no-tensors", INVALID, "a pickle of a number", zipped(b"\x80\x02K\x01.", records)
    yield "not-a-tensor", INVALID, "a string for a tensor", replacing("weights")
    yield "nested-tensor", INVALID, "a nested tensor", replacing(
        Call(torch._utils._rebuild_nested_tensor, (whole, (count,), (1,), (0,)))
    )
    yield "nested-dictionary", INVALID, "a training checkpoint around the weights", nested.getvalue()
    yield "legacy", INVALID, "the format before zip", legacy.getvalue()
    yield "large-storage", INVALID, "a storage larger than its record", replacing(
        tensor(Storage(key, count * 1000), 0, (count,), (1,))
    )
    yield "large-tensor", INVALID, "a tensor and its storage larger than the record", replacing(
        tensor(Storage(key, count * 1000), 0, (count * 1000,), (1,))
    )
    yield "stride", INVALID, "strides out of the storage", replacing(
        tensor(whole, 0, (count,), (1 << 40,))
    )
    yield "stride-overflow", INVALID, "strides whose product overflows", replacing(
        tensor(whole, 0, (count,), (1 << 62,))
    )
    yield "negative-stride", INVALID, "a negative stride", replacing(
        tensor(whole, count - 1, (count,), (-1,))
    )
    yield "offset", INVALID, "an offset beyond the storage", replacing(
        tensor(whole, count, (count,), (1,))
    )
    yield "negative-offset", INVALID, "a negative offset", replacing(
        tensor(whole, -8, (count,), (1,))
    )
    yield "negative-size", INVALID, "a negative side", replacing(tensor(whole, 0, (-1,), (1,)))
    yield "size-overflow", INVALID, "a product of sides beyond 2^64", replacing(
        tensor(whole, 0, (1 << 62, 1 << 62), (1, 1))
    )
    yield "missing-record", INVALID, "a storage without a record", replacing(
        tensor(Storage("nowhere", count), 0, (count,), (1,))
    )
    yield "outside-record", INVALID, "a storage named out of its folder", replacing(
        tensor(Storage("../version", count), 0, (count,), (1,))
    )
    yield "integer-storage", INVALID, "integers for weights", replacing(
        tensor(Storage(key, count, torch.LongStorage), 0, (count,), (1,)), **{key: bytes(8 * count)}
    )
    yield "no-zip", INVALID, "text", b"version https://git-lfs.github.com/spec/v1\n" * 3
    yield "truncated-zip", INVALID, "a zip cut off", good[: len(good) * 2 // 3]
    yield "no-pickle", INVALID, "a zip with an empty pickle", zipped(b"", {})


def reshaped(tensors: Tensors) -> Iterator[tuple[str, str, Tensors]]:
    """Sound files whose tensors do not fit the configuration."""
    yield "dropped", "a tensor is missing", {n: t for n, t in tensors.items() if n != BIAS}
    yield "no-classifier", "the classifier is missing", {
        name: t for name, t in tensors.items() if not name.startswith("classifier.")
    }
    yield "extra", "a tensor is left over", tensors | {"videomae.extra": torch.ones(3)}
    yield "misshapen", "a tensor has another shape", tensors | {BIAS: torch.ones(49)}


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

    def write(name: str, code: str, why: str, file: str, content: bytes) -> None:
        folder = out / name
        shutil.copytree(base, folder, ignore=shutil.ignore_patterns(weights.name))
        (folder / file).write_bytes(content)
        written.append({"name": name, "folder": str(folder), "code": code, "why": why})

    for name, why, changed in reshaped(tensors):
        saved = io.BytesIO()
        torch.save(OrderedDict(changed), saved)
        write(f"bin-{name}", MISMATCH, why, "pytorch_model.bin", saved.getvalue())
        write(f"safetensors-{name}", MISMATCH, why, weights.name, support.saved(changed))
    for name, code, why, content in hostile_safetensors(*read_safetensors(weights)):
        write(f"safetensors-{name}", code, why, weights.name, content)
    for name, code, why, content in hostile_bins(tensors, out / "executed"):
        write(f"bin-{name}", code, why, "pytorch_model.bin", content)
    nan = tensors | {BIAS: torch.full_like(tensors[BIAS], np.nan)}
    saved = io.BytesIO()
    torch.save(OrderedDict(nan), saved)
    write("bin-nan", INVALID, "weights are not numbers", "pytorch_model.bin", saved.getvalue())
    support.print_json(written)


if __name__ == "__main__":
    main()
