"""``python -m replay.demo``: the whole path on simulated data, explained on one screen."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import polars as pl
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from engine.build.job import build
from engine.build.options import Options
from engine.build.outputs import FEATURES
from engine.command import EXIT_CODES, Parser, run_command
from engine.definition.personal import masked
from engine.errors import InputError, OutputError
from engine.events.disk import writing
from engine.model.kinds import MODEL_FILES, PICKLE
from engine.model.run import CURRENT, MANIFEST, METRICS, REPORT, THRESHOLD
from engine.model.split import DAY, SplitOptions
from engine.train.job import train
from engine.train.options import Options as TrainOptions
from replay.simulate import Settings
from replay.simulate.job import simulate_to_file

_DESCRIPTION = """\
Simulate a stream of card transactions into a file, compute features for it, and show what they
look like around a fraud, and train a model on them. Running it again replaces what it made."""

_WIDTH: Final = 100
_MARK: Final = ".sentinelpos-demo"  # tells a folder of ours from one that holds something else
_MOST_ROWS: Final = 100_000_000
_ROWS_PER_CARD: Final = 100
_DAYS: Final = 60
_SEED: Final = 7
_RUN: Final = "demo"
_LABEL_DELAY_DAYS: Final = 3
# Figures of the model that are shown, in fewer words than its own summary.
_FIGURES: Final = {
    "average_precision": "average precision",
    "at_threshold.precision": "of what is flagged, fraud",
    "at_threshold.recall": "of fraud, flagged",
    "money.caught_share": "of the money of fraud, flagged",
}

# What of a card is shown: the end of its ordinary life, then the fraud.
_ROWS_BEFORE: Final = 2
_ROWS_AFTER: Final = 8
_BURST_SECONDS: Final = 3_600

# Features whose means are compared, in fewer words than their definitions take.
_COMPARED: Final = {
    "velocity_15m": "card's transactions of 15 min before",
    "unique_merchants_15m": "different merchants among these",
    "seen_merchant_before": "share at a merchant of 24 h before",
    "user_merchant_dist_km": "km from the merchant before",
    "is_night": "share from 22:00 to 06:59",
    "log_amt": "logarithm of one plus the amount",
    "user_amt_delta": "amount above the card's mean of 24 h",
    "amt_z_user": "the same in deviations of these",
}

_MERCHANT: Final = "merchant"  # shown where there is room
# Of a transaction: what is above the column, whether it is text, and how a value is written.
_COLUMNS: Final[tuple[tuple[str, type, Callable[[dict[str, Any]], str]], ...]] = (
    ("time (UTC)", str, lambda row: f"{datetime.fromtimestamp(row['unix_time'], UTC):%m-%d %T}"),
    (_MERCHANT, str, lambda row: str(row["merchant"])[:20]),
    ("amount", float, lambda row: f"{row['amt']:,.2f}"),
    ("velocity\n_15m", int, lambda row: str(row["velocity_15m"])),
    ("unique_\nmerchants\n_15m", int, lambda row: str(row["unique_merchants_15m"])),
    ("user_mean\n_amt_24h", float, lambda row: f"{row['user_mean_amt_24h']:,.2f}"),
    ("amt_z\n_user", float, lambda row: f"{row['amt_z_user']:z,.1f}"),
    ("time_since\n_last_s", float, lambda row: f"{row['time_since_last_s']:,.0f}"),
    ("is_\nfraud", int, lambda row: str(row["is_fraud"])),
)


@dataclass(frozen=True, slots=True)
class Demo:
    """What the steps share: how large it is, where its files are, how wide the screen is."""

    rows: int
    out: Path
    threads: int
    width: int

    @property
    def settings(self) -> Settings:
        """What is simulated."""
        cards = max(1, self.rows // _ROWS_PER_CARD)
        return Settings(rows=self.rows, cards=cards, days=_DAYS, seed=_SEED)

    @property
    def transactions(self) -> Path:
        """The simulated transactions, a pipe-delimited file."""
        return self.out / "transactions.csv"

    @property
    def results(self) -> Path:
        """The folder with what ``engine.build`` makes of them."""
        return self.out / "features"

    @property
    def runs(self) -> Path:
        """The folder of trained runs."""
        return self.out / "runs"

    @property
    def features(self) -> Path:
        """The table of features."""
        return self.results / FEATURES


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the demo. Steps hand nothing on but files.

    Parameters
    ----------
    title
        What it does.
    run
        Does it, and yields what to print.
    command
        What to type for the same, line by line.
    files
        What it leaves behind, and what that is.
    """

    title: str
    run: Callable[[Demo], Iterable[RenderableType]]
    command: Callable[[Demo], Sequence[str]] = lambda _demo: ()
    files: Callable[[Demo], Sequence[tuple[Path, str]]] = lambda _demo: ()


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
    console.width = min(console.width, _WIDTH) if console.is_terminal else _WIDTH
    demo = Demo(_rows(options.rows), Path(options.out), pl.thread_pool_size(), console.width)
    return lambda: _run(demo, console)


def _run(demo: Demo, console: Console) -> None:
    _claim(demo.out)
    for number, step in enumerate(STEPS, 1):
        console.print(Text(f"{number}. {step.title}", style="bold"))
        for line in step.command(demo):
            console.print(Text(f"   {line}", style="dim"), soft_wrap=True)
        for shown in step.run(demo):
            console.print(_indented(shown))
        console.print()
    files = [file for step in STEPS for file in step.files(demo)]
    console.print(Text("Files", style="bold"), _indented(_listed(_described(files))))
    console.print()
    console.print(Text("Try next", style="bold"), _indented(_listed(_next(demo))))


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


def _show_burst(demo: Demo) -> Iterator[RenderableType]:
    burst = _burst(demo)
    if burst is None:
        yield "There is no fraud among so few transactions: give --rows more."
        return
    card = str(burst["cc_num"][0])
    yield (
        f"Card {masked(card)}. Each feature looks at what came before its transaction, never after."
    )
    table = _table()
    shown = [column for column in _COLUMNS if column[0] != _MERCHANT or demo.width >= _WIDTH]
    for header, kind, _ in shown:
        table.add_column(header, justify="left" if kind is str else "right", no_wrap=True)
    for row in burst.iter_rows(named=True):
        cells = [cell(row) for _, _, cell in shown]
        table.add_row(*cells, style="red" if row["is_fraud"] else None)
    yield table


def _burst(demo: Demo) -> pl.DataFrame | None:
    """A card's transactions around the fraud at the most merchants; None if there is no fraud."""
    features = pl.scan_parquet(demo.features)
    rank = ("unique_merchants_15m", "velocity_15m", "unix_time", "cc_num")
    peak = (
        features.filter(pl.col("is_fraud") == 1)
        .select(rank)
        .sort(rank, descending=[True, True, False, False])
        .head(1)
        .collect()
    )
    if not len(peak):
        return None
    at = peak["unix_time"][0]
    card = features.filter(pl.col("cc_num") == peak["cc_num"][0]).collect()
    in_burst = (card["is_fraud"] == 1) & card["unix_time"].is_between(at - _BURST_SECONDS, at)
    first = in_burst.arg_true()[0]
    shown = card[max(0, first - _ROWS_BEFORE) : first + _ROWS_AFTER]
    raw = (
        pl.scan_csv(
            demo.transactions,
            separator="|",
            quote_char=None,
            infer_schema=False,
        )
        .select(
            pl.col("trans_num").alias("event_id"),
            pl.col("amt").cast(pl.Float64),
            # Every merchant's name begins like this; it says nothing of the transaction.
            pl.col("merchant").str.strip_prefix("fraud_"),
        )
        .filter(pl.col("event_id").is_in(shown["event_id"].to_list()))
        .collect()
    )
    return shown.join(raw, on="event_id", maintain_order="left")


def _compare(demo: Demo) -> Iterator[RenderableType]:
    features = pl.scan_parquet(demo.features)
    compared = pl.col(*_COMPARED)
    spread = features.select(compared.std()).collect().row(0, named=True)
    means = features.group_by("is_fraud").agg(compared.mean()).collect()
    by_label: dict[int, dict[str, Any]] = {row["is_fraud"]: row for row in means.to_dicts()}
    fraud, legitimate = by_label.get(1, {}), by_label.get(0, {})
    table = _table()
    table.add_column("mean of")
    for column in ("fraud", "legitimate", "apart*"):
        table.add_column(column, justify="right", min_width=10)
    table.add_column("which is")
    for name, words in _COMPARED.items():
        in_fraud, in_legitimate = fraud.get(name), legitimate.get(name)
        apart = None
        if in_fraud is not None and in_legitimate is not None and spread[name]:
            apart = (in_fraud - in_legitimate) / spread[name]
        numbers = (_number(in_fraud), _number(in_legitimate), _number(apart))
        table.add_row(name, *numbers, words)
    yield table
    yield "* the difference, in standard deviations over all transactions"


def _train(demo: Demo) -> Iterator[RenderableType]:
    # If this time there is nothing to learn from, no run of an earlier demo stands for one.
    (demo.runs / CURRENT).unlink(missing_ok=True)
    try:
        trained = train(
            TrainOptions(
                features=demo.results,
                out=demo.runs,
                id=_RUN,
                split=SplitOptions(label_delay=_LABEL_DELAY_DAYS * DAY),
                threads=demo.threads,
                overwrite=True,
                quiet=False,
            )
        )
    except InputError as refused:
        yield f"No model was trained: {refused.what}."
        return
    parts = trained.run.manifest["parts"]
    yield (
        f"Trained on days to {parts['train']['until']}, its threshold chosen on those to "
        f"{parts['validation']['until']}."
    )
    test = parts["test"]
    yield (
        f"Judged by {test['events']:,} transactions from {test['from']} to {test['until']}, "
        f"{test['fraud']:,} of them fraud;"
    )
    yield "in brackets where 95 % of draws of other cards come out:"
    table = _table()
    for name, words in _FIGURES.items():
        figure = trained.metrics["figures"][name]
        low, high = _number(figure["low"]), _number(figure["high"])
        table.add_row(words, _number(figure["value"]), f"[{low}, {high}]")
    table.show_header = False
    yield table
    yield f"Took {trained.seconds['total']:.1f} s."


def _trained_files(demo: Demo) -> list[tuple[Path, str]]:
    run = demo.runs / CURRENT
    if not (run / MANIFEST).exists():
        return []
    return [
        (run / REPORT, "the report: open it in a browser"),
        (run / MODEL_FILES["lightgbm"], "the model, LightGBM's own text"),
        (run / PICKLE, "the same for scikit-learn: joblib.load"),
        (run / THRESHOLD, "the threshold, and how it was chosen"),
        (run / METRICS, "all figures of it, with intervals"),
    ]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:z,.2f}"


def _next(demo: Demo) -> list[tuple[str, ...]]:
    python = _python()
    return [
        (f"{python} -m engine.build --help", "features from files of your own"),
        (f"{python} -m engine.train --help", "models from labelled features"),
        (f"{python} -m engine.score --help", "events scored by a model, with reasons"),
        (f"{python} -m engine.compare --help", "which of two models is better, and how surely"),
        (f"{python} -m engine.retrain --help", "a new model, in use only if it is better"),
        (f"{python} -m replay.simulate --help", "other streams"),
        (f"polars.read_parquet({str(demo.features)!r})", "the table in a notebook"),
    ]


def _described(files: Iterable[tuple[Path, str]]) -> list[tuple[str, ...]]:
    return [(str(file), _size(file), what) for file, what in files]


def _size(file: Path) -> str:
    size = file.stat().st_size
    mega = 1_000_000
    return f"{size / mega:,.1f} MB" if size >= mega else f"{size / 1_000:,.1f} kB"


def _table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")


def _listed(rows: Iterable[Sequence[str]]) -> RenderableType:
    table = Table.grid(padding=(0, 3, 0, 0))
    for first, *rest in rows:
        table.add_row(first, *(Text(text, style="dim") for text in rest))
    return table


def _indented(shown: RenderableType) -> RenderableType:
    return Padding(shown, (0, 0, 0, 3), expand=False)


def _python() -> str:
    """How to call this interpreter from here: the one of a folder below by its path."""
    executable = Path(sys.executable)
    here = Path.cwd()
    return str(executable.relative_to(here)) if executable.is_relative_to(here) else "python"


def _rows(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= _MOST_ROWS):
        raise InputError(
            f"--rows: cannot make this many transactions (was {text!r})",
            hint=f"give a whole number from 1 to {_MOST_ROWS:,}",
        )
    return int(text)


def _simulate_command(demo: Demo) -> list[str]:
    made = demo.settings
    options = f"--rows {made.rows} --cards {made.cards} --days {made.days} --seed {made.seed}"
    return [
        f"$ {_python()} -m replay.simulate {options} \\",
        f"      --out {demo.transactions}",
    ]


def _train_command(demo: Demo) -> list[str]:
    delay = f"--label-delay {_LABEL_DELAY_DAYS}d"
    return [f"$ {_python()} -m engine.train {demo.results} --out {demo.runs} {delay}"]


STEPS: Final[tuple[Step, ...]] = (
    Step(
        "Simulate a stream of card transactions, some of them fraud",
        _simulate,
        command=_simulate_command,
        files=lambda demo: [(demo.transactions, "the transactions, pipe-delimited")],
    ),
    Step(
        "Compute features for every transaction",
        _build,
        command=lambda demo: [
            f"$ {_python()} -m engine.build {demo.transactions} --out {demo.results}"
        ],
        files=lambda demo: [
            (demo.features, "a row for each transaction: its ids, then its features"),
            (demo.results / "build.json", "what was read, refused and written, how fast"),
        ],
    ),
    Step("A fraud, as the features see it", _show_burst),
    Step("Fraud and legitimate transactions compared", _compare),
    Step(
        "Train on the past, judge by what came after",
        _train,
        command=_train_command,
        files=_trained_files,
    ),
)

if __name__ == "__main__":
    sys.exit(main())
