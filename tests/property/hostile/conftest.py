"""The small home is that of the tests of faults, the outbox and the office are those of the tests of delivery."""

import sys
from pathlib import Path

for folder in ("faults", "integration/delivery"):
    sys.path.insert(0, str(Path(__file__).parents[2] / folder))
