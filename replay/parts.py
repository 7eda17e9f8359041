"""The parts of a ledger, read back: each in its place, and as it was written.

A part says in its footer what the digest of all decisions is, from the first of the ledger to its
own last.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import polars as pl

from engine.decide.folder import part_file
from engine.errors import InputError
from replay.digest import Digest

NOTE: Final = "sentinelpos.digest"


def refuse_gaps(folder: Path, parts: Sequence[Path], hint: str) -> None:
    """Refuse parts that are not those from the first on.

    Parameters
    ----------
    folder
        The ledger.
    parts
        Its files, by name.
    hint
        What to do about it.

    Raises
    ------
    InputError
        If one is missing, or there is something between them.
    """
    for place, part in enumerate(parts):
        if part != part_file(folder, place):
            raise InputError(f"{folder}: part {place} is missing (was {part})", hint=hint)


def read_part(part: Path) -> tuple[pl.DataFrame, str | None]:
    """The rows of a part, and the digest that it says is that of all rows up to its end.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    with reading(part):
        return pl.read_parquet(part, glob=False), pl.read_parquet_metadata(part).get(NOTE)


def take_in(digest: Digest, part: Path, rows: pl.DataFrame, noted: str | None, hint: str) -> None:
    """Let a digest take in the rows of a part, and hold it to what the part says.

    Parameters
    ----------
    digest
        Of all rows before.
    part, rows, noted
        The part, and what :func:`read_part` says of it.
    hint
        What to do if it is not as it was written.

    Raises
    ------
    InputError
        If it is not.
    """
    digest.update(rows)
    refuse_another(part, noted, digest, hint)


def refuse_another(file: Path, noted: object, digest: Digest, hint: str) -> None:
    """Refuse what a file says the digest is, if it is another.

    Parameters
    ----------
    file
        The file.
    noted
        What it says; None if it does not.
    digest
        What it comes to.
    hint
        What to do about it.

    Raises
    ------
    InputError
        If the two differ.
    """
    now = digest.hexdigest()
    if now != noted:
        raise InputError(
            f"{file}: not as it was recorded (was {_shown(noted)}, now {_shown(now)} by its "
            "digest)",
            hint=f"a ledger is not to be edited: {hint}",
        )


@contextmanager
def reading(part: Path) -> Iterator[None]:
    """Turn what is wrong with a part that is read in the block into an InputError."""
    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:
        first = str(error).partition("\n")[0]
        raise InputError(
            f"{part}: cannot be read (was: {first})",
            hint="if it is the last part, remove it and its decisions are made anew; or replay "
            "anew with --overwrite",
        ) from error


def _shown(digest: object) -> str:
    return "none" if digest is None else f"{str(digest)[:12]}…"
