"""Where the suites' files go by default."""

import os
from pathlib import Path
from typing import Final

RESULTS: Final = Path(__file__).with_name("results")


def cache_folder() -> Path:
    """Where simulated inputs go unless an option says otherwise: within the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "sentinelpos" / "benchmarks"
