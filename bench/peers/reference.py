"""What the tests' references share, for benchmarks."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "test" / "reference"))

from support import load_model  # noqa: F401
