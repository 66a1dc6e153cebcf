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
        program.pack(1)
        try:
            outputs = program(torch.empty([1, *program.input_shape()], device="meta"))
            problems += [f"an output is on {output.device}" for output in outputs if output.device.type != "meta"]
        except RuntimeError as error:
            problems.append(str(error))
        try:
            program(torch.empty([1, *program.input_shape()]))
            problems.append("pixels on the CPU were taken: mixed devices go unnoticed, and this proves nothing")
        except RuntimeError:
            pass
    return {"family": family, "case": case, "problems": problems}


def main() -> int:
    results = [
        run(family, case, fields) for family in support.FAMILIES for case, fields in (TINY | OWN_TINY[family]).items()
    ]
    support.print_json(results)
    return int(any(result["problems"] for result in results))


if __name__ == "__main__":
    sys.exit(main())
