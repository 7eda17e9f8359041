"""A Parquet table as one file, or as a folder of parts, the order of whose names is its rows'."""

from pathlib import Path
from typing import Final

_STEM: Final = "part-"
_SUFFIX: Final = ".parquet"


def part_name(number: int) -> str:
    """The name of a table's part, counted from 0."""
    return f"{_STEM}{number:06d}{_SUFFIX}"


def is_parts(path: Path) -> bool:
    """Whether a path is a folder of parts, and of nothing else."""
    if not path.is_dir():
        return False
    names = [part.name for part in path.iterdir()]
    return bool(names) and all(name.startswith(_STEM) and name.endswith(_SUFFIX) for name in names)


def is_table(path: Path) -> bool:
    """Whether a path is a file, or a folder of parts."""
    return path.is_file() or is_parts(path)


def files_of(table: Path) -> list[Path]:
    """The files of a table, in the order of its rows: itself, or its parts."""
    if not table.is_dir():
        return [table]
    # A million parts and more have longer names.
    return sorted(table.iterdir(), key=lambda part: (len(part.name), part.name))
