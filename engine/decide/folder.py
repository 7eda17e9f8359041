"""A ledger as a folder of Parquet files: a replay records in one, a live ledger is exported to one.

``ledger.json`` says what it is of, ``part-000000.parquet`` and so on hold its rows
(``engine.decide.records``) in order, and ``replay.json``, written last, that it is complete.
"""

from pathlib import Path
from typing import Final

ABOUT: Final = "ledger.json"
SUMMARY: Final = "replay.json"
PARTS: Final = "part-*.parquet"
PART_ROWS: Final = 65_536
FORMAT: Final = 1


def part_file(folder: Path, number: int) -> Path:
    """The file of a part, counted from 0."""
    return folder / f"part-{number:06}.parquet"
