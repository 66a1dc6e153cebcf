"""Runs the committed programs on a device without memory, to see that all they make is on the device of their weights.

devices.py

A tensor made on the CPU in the midst would end a forward pass on a GPU. PyTorch's fake tensors refuse to mix devices as
the real ones do, and the device "meta" is there on every machine. Prints what was found; exits with 1 on a problem.
"""

import sys

import support
import torch
from programs import OWN_TINY, TINY, build
from seeded import config_of
from torch._subclasses.fake_tensor import FakeTensorMode


def run(family: str, case: str, fields: dict) -> dict:
    _, config = build(family, config_of(family, "tiny", **fields), case)
    program = torch.jit.load(support.PROGRAMS / f"{family}.pt")
    problems = []
    with FakeTensorMode(), torch.inference_mode():
        shapes = program.expected(config)
        program.load({name: torch.empty(shape, device="meta") for name, shape in shapes.items()}, config)
        for precision in ["float32", "bfloat16"]:
            if precision == "bfloat16":
                program.to_bfloat16()
            problems += problems_of(program, precision)
        program.pack(1)
        problems += problems_of(program, "packed")
    return {"family": family, "case": case, "problems": problems}


def problems_of(program: torch.jit.ScriptModule, state: str) -> list[str]:
    problems = []
    pixels = [1, *program.input_shape()]
    try:
        tokens = program.embed(torch.empty(pixels, device="meta"))
        outputs = [*program(torch.empty(pixels, device="meta")), program.final(tokens), program.grid(tokens)]
        problems += [f"{state}: an output is on {output.device}" for output in outputs if output.device.type != "meta"]
    except RuntimeError as error:
        problems.append(f"{state}: {error}")
    try:
        program(torch.empty(pixels))
        problems.append(f"{state}: pixels on the CPU were taken; mixed devices go unnoticed, and this proves nothing")
    except RuntimeError:
        pass
    return problems


def main() -> int:
    results = [
        run(family, case, fields) for family in support.FAMILIES for case, fields in (TINY | OWN_TINY[family]).items()
    ]
    support.print_json(results)
    return int(any(result["problems"] for result in results))


if __name__ == "__main__":
    sys.exit(main())
