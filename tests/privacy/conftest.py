"""The scripted platform is that of the tests of delivery."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "integration" / "delivery"))
