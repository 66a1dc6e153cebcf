"""torch.sigmoid of numbers.

sigmoid.py IN.f32 OUT.f32 COUNT
"""

import sys

import support
import torch


def main() -> None:
    source, out, count = sys.argv[1:]
    numbers = support.read_floats(source, [int(count)])
    support.write_floats(out, torch.sigmoid(numbers).numpy())


if __name__ == "__main__":
    main()
