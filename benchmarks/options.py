"""What every suite is told: the options they have in common."""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.measure import LEAST_REPEATS
from engine.arguments import threads, whole
from engine.command import Parser

RESULTS: Final = Path(__file__).with_name("results")
_MOST_REPEATS: Final = 1000


@dataclass(frozen=True, slots=True)
class Common:
    """Options of every suite; their help says what each does."""

    seed: int
    threads: int
    repeats: int
    folder: Path
    results: Path
    keep: bool = False
    json: bool = False


@dataclass(frozen=True, slots=True)
class Size:
    """An option that says how large something is.

    Parameters
    ----------
    option, metavar, help
        As in the help.
    usual, quick
        What it is unless it is given, and that with ``--quick``.
    """

    option: str
    metavar: str
    help: str
    usual: str
    quick: str

    @property
    def name(self) -> str:
        """What it is called in what was parsed."""
        return self.option.strip("-").replace("-", "_")


def add_sizes(parser: Parser, sizes: Sequence[Size]) -> None:
    """Add options of sizes; ``--quick`` has to be there too."""
    for size in sizes:
        told = f"{size.help} ({size.usual}; --quick: {size.quick})"
        parser.add_argument(size.option, metavar=size.metavar, help=told)


def read_sizes(parsed: argparse.Namespace, sizes: Sequence[Size]) -> dict[str, str]:
    """What was said of these, by their names."""
    given = {size: getattr(parsed, size.name) for size in sizes}
    return {
        size.name: (size.quick if parsed.quick else size.usual) if text is None else text
        for size, text in given.items()
    }


def add_common(parser: Parser, suite: str) -> None:
    """Add the options that every suite has."""
    add = parser.add_argument
    add("--seed", default="0", metavar="S", help="seed of the simulator (%(default)s)")
    add("--threads", default="2", metavar="T", help="threads of the builds (%(default)s)")
    add("--repeats", default="3", metavar="R", help="runs of each, 3 or more (%(default)s)")
    add(
        "--dir", default=cache_folder(), type=Path, metavar="FOLDER", help="for files (%(default)s)"
    )
    add("--results", default=RESULTS, type=Path, metavar="FOLDER", help=f"for {suite}-N.json")
    add("--keep", action="store_true", help="keep the simulated files for the next time")
    add("--json", action="store_true", help="print the results as JSON")


def read_common(parsed: argparse.Namespace) -> Common:
    """What was said of these.

    Raises
    ------
    InputError
        If a number is out of its range.
    """
    return Common(
        seed=whole(parsed.seed, "--seed", 0, 2**64 - 1),
        threads=threads(parsed.threads),
        repeats=whole(parsed.repeats, "--repeats", LEAST_REPEATS, _MOST_REPEATS),
        folder=parsed.dir.absolute(),
        results=parsed.results,
        keep=parsed.keep,
        json=parsed.json,
    )


def command_of(suite: str, numbers: Mapping[str, object]) -> str:
    """What measures the same again; folders are nobody else's business."""
    told = (f"{option} {number}" for option, number in numbers.items())
    return " ".join([f"python -m benchmarks {suite}", *told])


def set_named(text: str) -> str:
    """A feature set as ``--set`` names it, without the folder that its file is in."""
    return Path(text).name


def cache_folder() -> Path:
    """Where simulated inputs go unless an option says otherwise: within the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "sentinelpos" / "benchmarks"
