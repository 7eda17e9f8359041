"""Small logs on disk."""

from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl
import pytest

from unit.events.samples import HEADER, START


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write lines below HEADER into a file and return its path."""

    def write_lines(lines: Sequence[str], name: str = "log.csv", header: str = HEADER) -> Path:
        path = tmp_path / name
        path.write_bytes("".join(f"{text}\n" for text in (header, *lines)).encode())
        return path

    return write_lines


@pytest.fixture
def rows() -> pl.DataFrame:
    """Ten good rows with the dtypes that pandas would write."""
    numbers = range(10)
    return pl.DataFrame(
        {
            "trans_num": [f"id-{number:04d}" for number in numbers],
            "cc_num": [4111111111111111 + number % 3 for number in numbers],
            "unix_time": [START + number for number in numbers],
            "amt": [1.25 + number for number in numbers],
            "merchant": [f"fraud_{number % 4}" for number in numbers],
            "category": [None if number % 5 == 0 else "home" for number in numbers],
            "lat": [40.5] * 10,
            "is_fraud": [number % 2 for number in numbers],
        }
    )
