"""What ``results.json`` holds, which the report and the printed summary are made of."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from engine.definition import fingerprint
from engine.model.features_file import FeatureTable
from engine.model.run import Run
from engine.model.split import DAY, utc_text
from replay.backtest.check import Checked
from replay.backtest.folds import Fold, labels_end, rows_of
from replay.backtest.labels import is_labelled
from replay.backtest.options import Contender, Options
from replay.backtest.results import Judge
from replay.backtest.tested import Tested

FORMAT: Final = 1


def content_of(
    options: Options,
    table: FeatureTable,
    folds: Sequence[Fold],
    tested: Sequence[Tested],
    judges: Sequence[Judge],
    compared: dict[str, Any] | None,
) -> dict[str, Any]:
    """Everything that came of a backtest.

    Parameters
    ----------
    options, table, folds
        What was asked for, of what, where.
    tested
        Each contender.
    judges
        What measures each.
    compared
        Both side by side; None of one alone.
    """
    names = [each.contender.name for each in tested]
    windows = options.windows
    return {
        "format": FORMAT,
        "inputs": list(options.inputs),
        "feature_set": table.features.name,
        "fingerprint": fingerprint(table.features),
        "log": {
            "events": len(table),
            "unlabelled": table.unlabelled,
            "from": utc_text(int(table.times[0])),
            "to": utc_text(int(table.times[-1])),
        },
        "mode": options.mode,
        "windows": {
            "train_days": windows.train // DAY,
            "delay_days": windows.delay // DAY,
            "test_days": windows.test // DAY,
            "labels_until": utc_text(labels_end(windows, int(table.times[-1]))),
            "beyond_labels": folds[-1].end > labels_end(windows, int(table.times[-1])),
        },
        "policy": options.policy.to_json(),
        "alert_cost": options.alert_cost,
        "cards_per_day": options.cards_per_day,
        "resamples": options.resamples,
        "seed": options.seed,
        "contenders": {
            each.contender.name: {
                **_described(options, each.contender, each.runs),
                "digest": each.digest,
                "check": None if each.checked is None else _checked(each.checked),
            }
            for each in tested
        },
        "folds": [
            {
                **_window(table, fold),
                "contenders": {
                    name: {
                        "trained": _learnt(table, each.contender, each.runs[place]),
                        **judge.fold(place),
                    }
                    for name, each, judge in zip(names, tested, judges, strict=True)
                },
            }
            for place, fold in enumerate(folds)
        ],
        "overall": {name: judge.overall() for name, judge in zip(names, judges, strict=True)},
        "comparison": compared,
    }


def _described(options: Options, contender: Contender, runs: Sequence[Run]) -> dict[str, Any]:
    threshold = contender.threshold
    rule = "of the run"
    if isinstance(threshold, float):
        rule = f"score {threshold:g}"
    elif threshold is not None:
        rule = str(threshold)
    elif contender.run is None:
        rule = str(options.training.rule)
    return {
        "run": None if contender.run is None else str(runs[0].manifest["id"]),
        "model": runs[0].model.kind,
        "threshold": rule,
    }


def _window(table: FeatureTable, fold: Fold) -> dict[str, Any]:
    rows = rows_of(table, fold)
    return {
        "fold": fold.number,
        "from": utc_text(fold.start),
        "until": utc_text(fold.end),
        "days": fold.days,
        "events": len(rows),
        "unlabelled": int(np.count_nonzero(~is_labelled(table)[rows])),
        "fraud": int(np.count_nonzero(table.known_labels[rows] == 1)),
    }


def _learnt(table: FeatureTable, contender: Contender, run: Run) -> dict[str, Any]:
    """What a run has learnt from; and of its days how many were left out, if it is of this log."""
    told = ("from", "until", "events", "fraud")
    found = {}
    for name in ("train", "validation"):
        part = run.manifest["parts"][name]
        found[name] = {each: part[each] for each in told} | {"left_out": None}
        if contender.run is None:
            start, end = np.searchsorted(table.times, [part["start"], part["end"]]).tolist()
            found[name]["left_out"] = end - start - part["events"]
    return found


def _checked(checked: Checked) -> dict[str, Any]:
    return {
        "decisions": checked.decisions,
        "differing": checked.differing,
        "examples": [str(example) for example in checked.examples],
    }
