"""The demo's last step: a model, and what it is worth."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rich.console import RenderableType

from engine.errors import InputError
from engine.model.kinds import MODEL_FILES, PICKLE
from engine.model.run import CURRENT, MANIFEST, METRICS, REPORT, THRESHOLD
from engine.model.split import DAY, SplitOptions
from engine.train.job import train
from engine.train.options import Options
from replay.demo.screen import new_table, number, python
from replay.demo.step import Demo, Step

_RUN: Final = "demo"
_LABEL_DELAY_DAYS: Final = 3
# Figures of the model that are shown, in fewer words than its own summary.
_FIGURES: Final = {
    "average_precision": "average precision",
    "at_threshold.precision": "of what is flagged, fraud",
    "at_threshold.recall": "of fraud, flagged",
    "money.caught_share": "of the money of fraud, flagged",
}


def _train(demo: Demo) -> Iterator[RenderableType]:
    # If this time there is nothing to learn from, no run of an earlier demo stands for one.
    (demo.runs / CURRENT).unlink(missing_ok=True)
    try:
        trained = train(
            Options(
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
    table = new_table()
    for name, words in _FIGURES.items():
        figure = trained.metrics["figures"][name]
        low, high = number(figure["low"]), number(figure["high"])
        table.add_row(words, number(figure["value"]), f"[{low}, {high}]")
    table.show_header = False
    yield table
    yield f"Took {trained.seconds['total']:.1f} s."


def _files(demo: Demo) -> list[tuple[Path, str]]:
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


def _command(demo: Demo) -> list[str]:
    delay = f"--label-delay {_LABEL_DELAY_DAYS}d"
    return [f"$ {python()} -m engine.train {demo.results} --out {demo.runs} {delay}"]


TRAINED: Final = Step(
    "Train on the past, judge by what came after", _train, command=_command, files=_files
)
