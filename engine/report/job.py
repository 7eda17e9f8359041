"""The report of a training: its page and its plots, as files of the run."""

from collections.abc import Callable
from typing import Final

from engine.model.run import PLOTS, REPORT
from engine.report import ablation, endings, findings, summary
from engine.report.curves import Curves
from engine.report.frame import Section, page
from engine.report.judged import Judged
from engine.report.plates import Plates

MOST_PLOTS: Final = 9  # without an ablation


def most_plots(judged: Judged) -> int:
    """How many plots there are, or more than there are where the test part is short."""
    return MOST_PLOTS if judged.ablation is None else MOST_PLOTS + ablation.PLOTS


def training_report(judged: Judged, progress: Callable[[], None] | None = None) -> dict[str, bytes]:
    """Make the report of a training.

    Parameters
    ----------
    judged
        The model and the events that it is judged by.
    progress
        Called after each plot; see :func:`most_plots`.

    Returns
    -------
    dict
        By its path in the run, the content of each file: ``report.html`` and ``plots/*.png``;
        equal for equal runs.
    """
    plates = Plates(progress)
    curves = Curves(judged.test, judged.run.threshold)
    sections: list[Section | None] = [
        summary.headline(judged),
        summary.split(judged),
        findings.detection(judged, curves, plates),
        findings.threshold(judged, curves, plates),
        findings.probability(judged, plates),
        findings.features(judged, plates),
        ablation.families(judged, plates),
        findings.time(judged, plates),
        summary.anomaly(judged.metrics),
        endings.worst(judged),
        summary.every_figure(judged),
        endings.making(judged),
    ]
    whole = page(
        str(judged.run.manifest["id"]),
        "SentinelPOS training report",
        summary.lead(judged),
        [section for section in sections if section is not None],
    )
    images = {f"{PLOTS}/{name}.png": image for name, image in plates.images.items()}
    return {REPORT: whole.encode(), **images}
