"""The command line of the demo: its options, its folder, and what it prints."""

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import polars as pl
from rich.console import Console
from rich.text import Text

from engine.command import EXIT_CODES, Parser, run_command
from engine.errors import InputError, OutputError
from engine.events.disk import writing
from replay.demo.burst import BURST
from replay.demo.compared import COMPARED
from replay.demo.making import BUILT, SIMULATED
from replay.demo.screen import WIDTH, indented, listed, python, size
from replay.demo.step import Demo, Step
from replay.demo.training import TRAINED

STEPS: Final[tuple[Step, ...]] = (SIMULATED, BUILT, BURST, COMPARED, TRAINED)

_DESCRIPTION = """\
Simulate a stream of card transactions into a file, compute features for it, and show what they
look like around a fraud, and train a model on them. Running it again replaces what it made."""

_MARK: Final = ".sentinelpos-demo"  # tells a folder of ours from one that holds something else
_MOST_ROWS: Final = 100_000_000


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], None]:
    # See engine.process; it is read when models are first trained.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    parser = Parser("python -m replay.demo", _DESCRIPTION, EXIT_CODES)
    add = parser.add_argument
    add("--rows", default="200000", metavar="N", help="transactions (default: %(default)s)")
    add("--out", default="demo", metavar="DIR", help="folder to write into (default: %(default)s)")
    options = parser.parse_args(argv)
    console = Console(highlight=False)
    # Of what is no terminal rich would think that it is narrow.
    console.width = min(console.width, WIDTH) if console.is_terminal else WIDTH
    demo = Demo(_rows(options.rows), Path(options.out), pl.thread_pool_size(), console.width)
    return lambda: _run(demo, console)


def _run(demo: Demo, console: Console) -> None:
    _claim(demo.out)
    for number, step in enumerate(STEPS, 1):
        console.print(Text(f"{number}. {step.title}", style="bold"))
        for line in step.command(demo):
            console.print(Text(f"   {line}", style="dim"), soft_wrap=True)
        for shown in step.run(demo):
            console.print(indented(shown))
        console.print()
    files = [file for step in STEPS for file in step.files(demo)]
    console.print(Text("Files", style="bold"), indented(listed(_described(files))))
    console.print()
    console.print(Text("Try next", style="bold"), indented(listed(_next(demo))))


def _claim(out: Path) -> None:
    """Make the folder, or find it to be ours."""
    mark = out / _MARK
    with writing(out):
        if out.exists() and not mark.exists() and not (out.is_dir() and not any(out.iterdir())):
            raise OutputError(
                f"--out: this is there already and was not made by a demo (was {str(out)!r})",
                hint="name a new or empty folder",
            )
        out.mkdir(parents=True, exist_ok=True)
        mark.touch()


def _next(demo: Demo) -> list[tuple[str, ...]]:
    run = f"{python()} -m"
    return [
        (f"{run} engine.build --help", "features from files of your own"),
        (f"{run} engine.train --help", "models from labelled features"),
        (f"{run} engine.score --help", "events scored by a model, with reasons"),
        (f"{run} engine.compare --help", "which of two models is better, and how surely"),
        (f"{run} engine.retrain --help", "a new model, in use only if it is better"),
        (f"{run} replay.simulate --help", "other streams"),
        (f"polars.read_parquet({str(demo.features)!r})", "the table in a notebook"),
    ]


def _described(files: Iterable[tuple[Path, str]]) -> list[tuple[str, ...]]:
    return [(str(file), size(file), what) for file, what in files]


def _rows(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= _MOST_ROWS):
        raise InputError(
            f"--rows: cannot make this many transactions (was {text!r})",
            hint=f"give a whole number from 1 to {_MOST_ROWS:,}",
        )
    return int(text)
