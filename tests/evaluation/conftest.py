"""Lets the tests of this folder import its helpers (crowds, references, oracles) by name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
