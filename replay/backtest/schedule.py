"""When a log is tested: as soon as its runs allow, in windows that hold events."""

from pathlib import Path

from engine.errors import InputError
from engine.model.features_file import FeatureTable
from engine.model.run import Run
from engine.model.split import DAY, midnight, utc_text
from engine.model.unseen import learnt_time, test_time
from replay.backtest.folds import Fold, last_end, plan, rows_of
from replay.backtest.labels import is_labelled
from replay.backtest.options import Options


def folds_of(options: Options, table: FeatureTable, fixed: dict[Path, Run]) -> tuple[Fold, ...]:
    """The folds of a log.

    Parameters
    ----------
    options
        How long windows are, when testing begins and ends, and what is tested.
    table
        The whole log, in the order of events.
    fixed
        The runs that are there already, by their folders: unless told otherwise, testing begins
        where their test parts do.

    Raises
    ------
    InputError
        If there is no room for a single fold, or none after what a run has learnt from, or no
        event in any has a label.
    """
    windows = options.windows
    first, last = int(table.times[0]), int(table.times[-1])
    until = None if options.until is None else midnight(options.until)
    start = None if options.start is None else midnight(options.start)
    if start is None and fixed:
        begins = [-(-first // DAY) * DAY]
        if any(contender.run is None for contender in options.contenders):
            begins.append(begins[0] + windows.train + windows.delay)
        for path, run in fixed.items():
            begins.append(_earliest_test(run))
            if begins[-1] + windows.test > last_end(windows, last, until):
                raise _all_learnt_from(path, run, begins[-1], first, last)
        start = max(begins)
    planned = plan(windows, first, last, start=start, until=until)
    folds = tuple(fold for fold in planned if len(rows_of(table, fold)))
    if not folds:
        raise InputError(
            f"the test windows hold no events (was {planned[0]} and on)",
            hint="choose --from and --until inside the log",
        )
    labelled = is_labelled(table)
    if not any(labelled[rows_of(table, fold)].any() for fold in folds):
        raise InputError(
            f"{table.name}: no event of the test windows has a label, so there is nothing to "
            f"judge by (was {utc_text(folds[0].start)} to {utc_text(folds[-1].end)})",
            hint="choose --from and --until where labels are known",
        )
    return folds


def _earliest_test(run: Run) -> int:
    """The first midnight from which a run may be tested: where its own test part begins."""
    return -(-test_time(run)[0] // DAY) * DAY


def _all_learnt_from(path: Path, run: Run, begins: int, first: int, last: int) -> InputError:
    start, end = learnt_time(run)
    if last < start:
        what = "the log is of days before those that the run has learnt from"
    elif last < end:
        what = "the log is of days that the run has learnt from"
    else:
        what = "the log has no room for a test window after the days that the run has learnt from"
    return InputError(
        f"{path}: {what} (was {utc_text(first)} to {utc_text(last)}; it has learnt from "
        f"{utc_text(start)} to {utc_text(end)} and may be tested from {utc_text(begins)} on)",
        hint="take a log that goes on after that, a shorter --test or --delay, or leave the run "
        "out, so that a model is trained for each fold",
    )
