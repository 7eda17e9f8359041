"""Building from small simulated logs, and what a build left in a folder."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from engine.build.cli import main
from engine.definition import POS
from engine.events.canonical import EVENT_ID
from engine.events.normalise import normalise
from replay.simulate.write import write_chunks

OUTPUTS = ["build.json", "features.json", "features.parquet", "quarantine.parquet"]
IDENTITY = [EVENT_ID, "cc_num", "unix_time", "is_fraud"]


def build(out: Path, inputs: Sequence[Path | str], *options: str) -> int:
    return main([*map(str, inputs), "--out", str(out), "--quiet", *options])


def built(out: Path, inputs: Sequence[Path | str], *options: str) -> pl.DataFrame:
    """The features of a build that has to end well."""
    assert build(out, inputs, *options) == 0
    assert sorted(path.name for path in out.iterdir()) == OUTPUTS
    return pl.read_parquet(out / "features.parquet")


def report(out: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((out / "build.json").read_text())
    return content


def write(frame: pl.DataFrame, path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    write_chunks([frame], path)
    return path


def canonical(frame: pl.DataFrame) -> pl.DataFrame:
    columns = [column.name for column in POS.columns if column.name in frame.columns]
    return normalise(frame, POS, columns).events


def assert_same_bits(one: pl.DataFrame, other: pl.DataFrame) -> None:
    assert one.schema == other.schema
    assert one.equals(other)
    for name, dtype in one.schema.items():
        if dtype == pl.Float64:  # -0.0 equals 0.0, but is not the same
            bits = [frame[name].fill_null(0.0).to_numpy().view(np.uint64) for frame in (one, other)]
            assert np.array_equal(*bits), name


def tree(folder: Path) -> dict[str, bytes | None]:
    """All that is in a folder, hidden files too."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }
