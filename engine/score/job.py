"""The scoring itself: features read or computed, scored, explained, measured where labelled."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.build.job import build
from engine.build.options import Options as BuildOptions
from engine.build.outputs import OUTPUTS
from engine.clock import elapsed
from engine.errors import OutputError
from engine.events.canonical import EVENT_ID
from engine.events.disk import scratch_folder, writing
from engine.events.inputs import called, find_inputs, refuse_to_replace
from engine.model.evaluate import evaluate
from engine.model.features_file import FeatureTable, locate_features, read_features
from engine.model.kinds import Floats
from engine.model.labels import lacking_class
from engine.model.loading import load_run
from engine.model.metrics import Scored, Terms
from engine.model.narrowed import table_for
from engine.model.reasons import Reason, reasons
from engine.model.run import Run
from engine.model.split import DAY
from engine.model.unseen import seen
from engine.progress import Meter
from engine.score.options import Options
from engine.sink import write_frames

_SHOWN: Final = 3  # of the events with the highest scores
_MOST_SHOWN_REASONS: Final = 3


@dataclass(frozen=True, slots=True)
class Explained:
    """One of the highest scores.

    Parameters
    ----------
    event_id
        The event.
    card
        Its card, whole.
    time
        Seconds since 1970 UTC.
    score, probability
        What the model says.
    reasons
        Why.
    """

    event_id: str
    card: str
    time: int
    score: float
    probability: float
    reasons: list[Reason]


@dataclass(frozen=True, slots=True)
class Scoring:
    """A finished scoring.

    Parameters
    ----------
    run
        What scored.
    events, flagged
        How many there are.
    built
        ``build.json`` of a raw log; None for features that were built before.
    unlabelled
        How many events have no label.
    lacking
        What labels there are only of one kind lack: ``no fraud``, ``nothing but fraud``; else None.
    of_training
        How many are of the time that the run was trained, or its threshold chosen, on.
    metrics
        As of a training, of the events with a label; None if none has, or all have the same.
    highest
        The highest scores, explained.
    seconds
        How long it took.
    """

    run: Run
    events: int
    flagged: int
    built: dict[str, Any] | None
    unlabelled: int
    lacking: str | None
    of_training: int
    metrics: dict[str, Any] | None
    highest: list[Explained]
    seconds: float


def score(options: Options) -> Scoring:
    """Score events with a run.

    Raises
    ------
    SentinelError
        If the run or the input was refused, or the scores could not be written.
    """
    began = elapsed()
    if options.out is not None:
        _check_out(options, options.out)
    run = load_run(options.run, threads=options.threads)
    with (
        Meter("measure", options.resamples, quiet=options.quiet, noun="draw") as meter,
        _features(options, run) as (table, built),
    ):
        scores = run.scores(table.values)
        probabilities = run.calibration.apply(scores)
        flagged = run.flags(scores)
        if options.out is not None:
            _write(options, options.out, run, table, scores, probabilities, flagged)
        metrics = _measure(options, run, table, scores, probabilities, meter)
        return Scoring(
            run=run,
            events=len(table),
            flagged=int(flagged.sum()),
            built=built,
            unlabelled=table.unlabelled,
            lacking=None if table.unlabelled == len(table) else lacking_class(table.labelled[1]),
            of_training=int(seen(run, table.times).sum()),
            metrics=metrics,
            highest=_highest(run, table, scores, probabilities),
            seconds=elapsed() - began,
        )


def _check_out(options: Options, out: Path) -> None:
    with writing(out):
        if out.is_dir():
            raise OutputError(f"--out: a folder (was {str(out)!r})", hint="name a file to make")
        if not out.parent.is_dir():
            raise OutputError(
                f"--out: there is no such folder (was {str(out.parent)!r})", hint="make it first"
            )
        refuse_to_replace(_read(options), out, "--out")
        if out.resolve().is_relative_to(options.run.resolve()):
            raise OutputError(
                f"--out: within the run, which would not be what was trained (was {str(out)!r})",
                hint="write elsewhere",
            )
        if out.exists() and not options.overwrite:
            raise OutputError(
                f"--out: there already (was {str(out)!r})",
                hint="add --overwrite to replace it, or name another file",
            )


def _read(options: Options) -> list[Path]:
    """The files that are scored, and those that tell what they are."""
    path = locate_features(Path(options.inputs[0])) if len(options.inputs) == 1 else None
    if path is not None:
        return [path.parent / name for name in OUTPUTS]
    return [file.path for file in find_inputs(options.inputs)]


@contextmanager
def _features(options: Options, run: Run) -> Iterator[tuple[FeatureTable, dict[str, Any] | None]]:
    """The features of the input: a build's, or those of a raw log, built in scratch files."""
    path = locate_features(Path(options.inputs[0])) if len(options.inputs) == 1 else None
    if path is not None:
        table = read_features(path, labels_required=False)
        yield table_for(table, run.features, "the run was trained on"), None
        return
    near = Path(tempfile.gettempdir()) if options.out is None else options.out.parent
    with scratch_folder(near) as scratch:
        report = build(
            BuildOptions(
                inputs=options.inputs,
                out=scratch / "features",
                features=run.features,
                threads=options.threads,
                quiet=options.quiet,
            )
        )
        table = read_features(
            scratch / "features", labels_required=False, called=called(options.inputs)
        )
        yield table, report.content


def _write(
    options: Options,
    out: Path,
    run: Run,
    table: FeatureTable,
    scores: Floats,
    probabilities: Floats,
    flagged: NDArray[np.bool_],
) -> None:
    schema = run.features.schema
    columns: dict[str, Any] = {
        EVENT_ID: table.event_ids,
        "cc_num": table.cards,
        schema.event_time: table.times * schema.ticks_per_second,
    }
    rows, labels = table.labelled
    if len(rows) and schema.label is not None:
        # Of a log that is labelled in part, those there are.
        none = pl.Series([None], dtype=pl.Int8).new_from_index(0, len(table))
        columns[schema.label] = none.scatter(rows, labels)
    columns |= {"score": scores, "probability": probabilities, "flagged": flagged.astype(np.int8)}
    if options.reasons:
        said = iter(reasons(run, table.values[flagged], options.reasons))
        columns["reasons"] = pl.Series(
            [[reason.words for reason in next(said)] if flag else [] for flag in flagged.tolist()],
            dtype=pl.List(pl.String),
        )
    write_frames([pl.DataFrame(columns)], out)


def _measure(
    options: Options,
    run: Run,
    table: FeatureTable,
    scores: Floats,
    probabilities: Floats,
    meter: Meter,
) -> dict[str, Any] | None:
    rows, labels = table.labelled
    if not len(rows) or lacking_class(labels):
        return None
    times = table.times[rows]
    # So many days' events these are: what has no label raises no alert here that is counted.
    days = int(table.times.max() // DAY - table.times.min() // DAY) + 1
    trained = run.manifest.get("options", {})
    alert_cost = options.alert_cost
    terms = Terms(
        threshold=run.threshold,
        alert_cost=float(trained.get("alert_cost", 0.0)) if alert_cost is None else alert_cost,
        cards_per_day=options.cards_per_day,
        days=days * (len(rows) / len(table)),
    )
    amounts = None if table.amounts is None else table.amounts[rows]
    scored = Scored(
        scores[rows], probabilities[rows], labels, table.card_codes[rows], times, amounts
    )
    return evaluate(
        scored,
        terms,
        resamples=options.resamples,
        seed=options.seed,
        progress=lambda _: meter.advance(1),
    )


def _highest(
    run: Run, table: FeatureTable, scores: Floats, probabilities: Floats
) -> list[Explained]:
    rows = np.argsort(-scores, kind="stable")[:_SHOWN]
    said = reasons(run, table.values[rows], _MOST_SHOWN_REASONS)
    return [
        Explained(
            event_id=table.event_ids[row],
            card=str(table.cards[row]),
            time=int(table.times[row]),
            score=float(scores[row]),
            probability=float(probabilities[row]),
            reasons=why,
        )
        for row, why in zip(rows.tolist(), said, strict=True)
    ]
