"""The small home is that of the tests of faults; the outbox, the office and the scripted platform are delivery's."""

import sys
from pathlib import Path

for folder in ("faults", "integration/delivery"):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))
