"""A simulator of card transactions with labelled fraud, for demos, tests and benchmarks.

``python -m replay.simulate --help`` writes a training file; `simulate` yields the same rows in
memory.
"""

from replay.simulate.settings import Settings
from replay.simulate.stream import simulate

__all__ = ["Settings", "simulate"]
