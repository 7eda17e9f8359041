"""The comparison itself: which events neither run has learnt from, scored by both."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from engine.catalog import option_of
from engine.clock import elapsed
from engine.compare.options import Options
from engine.definition import fingerprint
from engine.errors import InputError
from engine.model.features_file import FeatureTable, read_features, sha256_of
from engine.model.labels import require_both_classes
from engine.model.loading import load_run
from engine.model.narrowed import table_for
from engine.model.paired import paired, rival_of
from engine.model.ranked import Integers
from engine.model.run import MANIFEST, Run
from engine.model.split import DAY, midnight, split, split_options_from_json, utc_text
from engine.model.unseen import refuse_seen, test_time
from engine.progress import Meter

RUN: Final = "run"
BASELINE: Final = "baseline"


@dataclass(frozen=True, slots=True)
class Judged:
    """The events that two runs are judged by.

    Parameters
    ----------
    rows
        int64, their places in the table.
    start, end
        The time they are of: seconds since 1970 UTC, from ``start`` to before ``end``.
    coverage
        Which share of all events of that time they are.
    sampled
        Which share of the labelled ones, by chance or by card.
    unlabelled
        How many events of that time have no label, so that they are not among them.
    """

    rows: Integers
    start: int
    end: int
    coverage: float
    sampled: float
    unlabelled: int

    @property
    def days(self) -> float:
        """How many days' events these are."""
        return (self.end - self.start) / DAY * self.coverage


@dataclass(frozen=True, slots=True)
class Comparison:
    """A finished comparison.

    Parameters
    ----------
    run, baseline
        The two runs.
    judged
        The events.
    paired
        What :func:`engine.model.paired.paired` gave.
    seconds
        How long it took.
    """

    run: Run
    baseline: Run
    judged: Judged
    paired: dict[str, Any]
    seconds: float


def compare(options: Options) -> Comparison:
    """Compare two runs.

    Raises
    ------
    InputError
        If a run or the features were refused, or the two would be judged by events that one of
        them has learnt from.
    """
    began = elapsed()
    run = load_run(options.run, threads=options.threads)
    baseline = load_run(options.baseline, threads=options.threads)
    table, of_baseline = _tables(options)
    if of_baseline is table:
        _require_one_set(table, run, baseline)
    runs = {RUN: (run, table), BASELINE: (baseline, of_baseline)}
    if options.test_part:
        judged = _test_parts(table, tuple(runs.values()))
    else:
        judged = _in_time(options, (run, baseline), table)
    require_both_classes(
        table.known_labels[judged.rows],
        f"{table.path}, {utc_text(judged.start)} to {utc_text(judged.end)}",
    )
    cost = options.alert_cost
    if cost is None:
        cost = float(run.manifest.get("options", {}).get("alert_cost", 0.0))
    rivals = {
        name: rival_of(
            each,
            built,
            judged.rows,
            days=judged.days,
            alert_cost=cost,
            cards_per_day=options.cards_per_day,
            sampled=judged.sampled,
        )
        for name, (each, built) in runs.items()
    }
    with Meter("compare", options.resamples, quiet=options.quiet, noun="draw") as meter:
        figures = paired(
            rivals,
            resamples=options.resamples,
            seed=options.seed,
            progress=lambda _: meter.advance(1),
        )
    return Comparison(run, baseline, judged, figures, elapsed() - began)


def _tables(options: Options) -> tuple[FeatureTable, FeatureTable]:
    """The events with what the run looks at, and the same with what the baseline does."""
    table = read_features(options.features, labels_required=True)
    if options.baseline_features is None:
        return table, table
    other = read_features(options.baseline_features, labels_required=True)
    for what, one, two in (
        ("events", table.event_ids, other.event_ids),
        ("times", pl.Series(table.times), pl.Series(other.times)),
        ("cards", pl.Series(table.cards), pl.Series(other.cards)),
        ("labels", pl.Series(table.known_labels), pl.Series(other.known_labels)),
    ):
        if not one.equals(two):
            raise InputError(
                f"--baseline-features: {other.path} has not the {what} of {table.path} "
                f"(was {len(other):,} events beside {len(table):,})",
                hint="build both from the same log",
            )
    return table, other


def _require_one_set(table: FeatureTable, run: Run, baseline: Run) -> None:
    """That both look at these features, of which a run trained without some takes the others."""
    try:
        for each in (run, baseline):
            table_for(table, each.features, f"{each.path} was trained on")
    except InputError as error:
        if fingerprint(run.features) == fingerprint(baseline.features):
            raise
        raise InputError(
            error.what,
            hint="the runs are of different feature sets: build both from the same log, and name "
            f"those of BASELINE ({option_of(baseline.features)}) with --baseline-features beside "
            f"FEATURES of RUN ({option_of(run.features)})",
        ) from error


def _in_time(options: Options, runs: tuple[Run, Run], table: FeatureTable) -> Judged:
    """All events of a time that is after what both have learnt from."""
    starts, ends = zip(*map(test_time, runs), strict=True)
    start = max(starts) if options.start is None else midnight(options.start)
    end = max(ends) if options.until is None else midnight(options.until)
    for run in runs:
        kind = run.manifest.get("options", {}).get("split")
        refuse_seen(
            run,
            start,
            end,
            hint="it was split at random: compare by --test-part, on the features it was trained on"
            if kind == "random"
            else "leave --from and --until out, or choose days after what both have learnt from: "
            f"from {utc_text(max(starts))} on",
        )
    # Days without a log are days without alerts: they are not among those judged by.
    first, log_end = (
        int(table.times.min()) // DAY * DAY,
        -(-(int(table.times.max()) + 1) // DAY) * DAY,
    )
    if start < log_end and end > first:
        start, end = max(start, first), min(end, log_end)
    inside = (table.times >= start) & (table.times < end)
    rows = np.flatnonzero(inside & table.is_labelled)
    if not len(rows):
        kind = "events with a label" if table.unlabelled else "events"
        raise InputError(
            f"{table.path}: no {kind} to judge by (was {utc_text(start)} to {utc_text(end)})",
            hint=f"its events are of {utc_text(int(table.times.min()))} to "
            f"{utc_text(int(table.times.max()))}; choose --from and --until inside",
        )
    return _judged(table, rows, start, end)


def _test_parts(table: FeatureTable, runs: Sequence[tuple[Run, FeatureTable]]) -> Judged:
    """The events that are in the test part of both, of the very files that they were trained on."""
    parts = []
    for run, built in runs:
        digest = sha256_of(built.path)
        where = str(run.path / MANIFEST)
        trained_on = str(run.manifest.get("data", {}).get("sha256"))
        if trained_on != digest:
            raise InputError(
                f"{built.path}: not the file that {run.path} was trained on, so that nobody knows "
                f"its test part (was SHA-256 {digest[:12]}, the run's is {trained_on[:12]})",
                hint="name the features it was trained on, or leave --test-part out",
            )
        options = split_options_from_json(
            run.manifest.get("options", {}), int(run.manifest.get("seed", 0)), where
        )
        parts.append(split(built, options).test)
    rows = np.intersect1d(parts[0].rows, parts[1].rows)
    if not len(rows):
        raise InputError(
            f"{table.path}: no event is in the test part of both (was {len(parts[0].rows):,} and "
            f"{len(parts[1].rows):,} events)",
            hint="leave --test-part out, or train both on one split",
        )
    start, end = max(part.start for part in parts), min(part.end for part in parts)
    return _judged(table, rows, start, end)


def _judged(table: FeatureTable, rows: Integers, start: int, end: int) -> Judged:
    inside = (table.times >= start) & (table.times < end)
    every, labelled = int(inside.sum()), int((inside & table.is_labelled).sum())
    return Judged(rows, start, end, len(rows) / every, len(rows) / labelled, every - labelled)
