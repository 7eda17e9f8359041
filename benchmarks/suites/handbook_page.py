"""The handbook's table, as people read it on a terminal and in the README."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from benchmarks.handbook.published import BASELINE, BEST, DIGITS, SKIPPED
from benchmarks.tables import aligned

_NAMES: Final = {
    "roc_auc": "ROC-AUC",
    "average_precision": "average precision",
    "card_precision": "card precision@100",
}

Row = tuple[str, ...]


def as_text(results: Mapping[str, Any]) -> str:
    """The results for people."""
    host, used = results["machine"], results["versions"]
    lines = [
        f"handbook: {results['inputs']['rows']:,} transactions, {results['seconds']:,.0f} s",
        (
            f"{host['cpu']}, {host['cores']} cores; scikit-learn {used['scikit-learn']}, "
            f"LightGBM {used['lightgbm']}"
        ),
        "",
        _week(results),
        *aligned(list(_baseline(results))),
        *(f"{name}: skipped, {why}" for name, why in SKIPPED.items()),
        "",
        "four weekly folds, mean ± standard deviation",
        *aligned(list(_folds(results))),
        "",
        "fold by fold, by the day on which training starts",
        *aligned(list(_each(results))),
        "",
        *_sets(results),
    ]
    return "\n".join(lines) + "\n"


def page(results: Mapping[str, Any], file: str) -> str:
    """Markdown: the command, both tables, every fold, and where all that is kept.

    Parameters
    ----------
    results
        What ``python -m benchmarks handbook`` has kept.
    file
        Where that is, as the README links it.
    """
    skipped = " ".join(f"{name} is skipped: {why}." for name, why in SKIPPED.items())
    lines = [
        f"```console\n$ {results['command']}\n```",
        "",
        f"{_week(results)}. {skipped} Ours, and the book's in brackets:",
        "",
        *_markdown(list(_baseline(results))),
        "",
        "Four weekly folds, mean ± standard deviation:",
        "",
        *_markdown(list(_folds(results))),
        "",
        "Fold by fold, the same three figures, by the day on which training starts:",
        "",
        *_markdown(list(_each(results))),
        "",
        *(f"{line}.  " for line in _sets(results)),
        f"Here is [every figure]({file}), those of validation with them.",
    ]
    return "\n".join(lines)


def _week(results: Mapping[str, Any]) -> str:
    train, test = results["baseline"]["train"], results["baseline"]["test"]
    return (
        f"The book's first week: {train['rows']:,} transactions train, {train['frauds']:,} of them "
        f"frauds; {test['rows']:,} are tested, {test['frauds']:,} of them frauds"
    )


def _baseline(results: Mapping[str, Any]) -> Iterator[Row]:
    yield ("model", *_NAMES.values())
    for name, found in results["baseline"]["rows"].items():
        printed = BASELINE[name]._asdict()
        yield (name, *(f"{_figure(found[one])} ({_figure(printed[one])})" for one in _NAMES))
    for name in SKIPPED:
        yield (name, *(f"skipped ({_figure(one)})" for one in BASELINE[name]))


def _folds(results: Mapping[str, Any]) -> Iterator[Row]:
    yield ("features", "model", *_NAMES.values())
    yield ("the book's 15", "best published of each column", *(_figure(one) for one in BEST))
    for row in results["folds"]:
        cells = (
            f"{_figure(row['mean'][one])} ± {_figure(row['deviation'][one])}" for one in _NAMES
        )
        yield (row["features"], row["model"], *cells)


def _each(results: Mapping[str, Any]) -> Iterator[Row]:
    yield ("features", "model", *results["folds"][0]["folds"])
    for row in results["folds"]:
        folds = row["folds"].values()
        cells = (" / ".join(_figure(fold[one]) for one in _NAMES) for fold in folds)
        yield (row["features"], row["model"], *cells)


def _sets(results: Mapping[str, Any]) -> Iterator[str]:
    for name, told in results["sets"].items():
        chosen, choices = told["chosen"], len(told["tried_on_validation"])
        yield (
            f"LightGBM on {name}: {told['features']} features; of {choices} choices, validation "
            f"took trees of {chosen['leaves']} leaves, grown on all frauds and "
            f"{chosen['share']:.0%} of the rest; {chosen['boosters']} boosters of "
            f"{chosen['trees']} trees"
        )


def _figure(value: float) -> str:
    return f"{value:.{DIGITS}f}".removeprefix("0")


def _markdown(rows: Sequence[Row]) -> Iterator[str]:
    for row in (rows[0], ("---",) * len(rows[0]), *rows[1:]):
        yield f"| {' | '.join(row)} |"
