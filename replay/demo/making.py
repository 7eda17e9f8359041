"""The demo's first steps: a stream of transactions, and features of every one."""

from collections.abc import Iterator
from typing import Final

from rich.console import RenderableType

from engine.build.job import build
from engine.build.options import Options
from replay.demo.screen import python
from replay.demo.step import Demo, Step
from replay.simulate.job import simulate_to_file


def _simulate(demo: Demo) -> Iterator[RenderableType]:
    made = simulate_to_file(demo.settings, demo.transactions, quiet=False)
    yield (
        f"{made.rows:,} transactions of {made.cards:,} cards in {made.days} days from "
        f"{made.start}; {made.fraud_rows:,} are fraud ({made.fraud_share:.1%})."
    )
    yield f"Took {made.seconds:.1f} s: {made.rows_per_second:,} rows/s."


def _build(demo: Demo) -> Iterator[RenderableType]:
    report = build(
        Options(
            inputs=(str(demo.transactions),),
            out=demo.results,
            threads=demo.threads,
            overwrite=True,
            quiet=False,
        )
    ).content
    rows = report["rows"]
    yield (
        f"{rows['written']:,} transactions with {report['features']} features each; "
        f"{rows['quarantined']:,} could not be read, {rows['duplicates']:,} were duplicates."
    )
    yield (
        f"Took {report['seconds']['total']:.1f} s on {report['threads']} threads: "
        f"{report['rows_per_second']:,} rows/s."
    )


def _simulate_command(demo: Demo) -> list[str]:
    made = demo.settings
    options = f"--rows {made.rows} --cards {made.cards} --days {made.days} --seed {made.seed}"
    return [
        f"$ {python()} -m replay.simulate {options} \\",
        f"      --out {demo.transactions}",
    ]


SIMULATED: Final = Step(
    "Simulate a stream of card transactions, some of them fraud",
    _simulate,
    command=_simulate_command,
    files=lambda demo: [(demo.transactions, "the transactions, pipe-delimited")],
)
BUILT: Final = Step(
    "Compute features for every transaction",
    _build,
    command=lambda demo: [f"$ {python()} -m engine.build {demo.transactions} --out {demo.results}"],
    files=lambda demo: [
        (demo.features, "a row for each transaction: its ids, then its features"),
        (demo.results / "build.json", "what was read, refused and written, how fast"),
    ],
)
