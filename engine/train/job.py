"""The training itself: read, split, train, choose, measure, and keep it all in a run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.clock import elapsed
from engine.model.calibration import Calibration, fit_calibration
from engine.model.drift import training_bins
from engine.model.evaluate import evaluate
from engine.model.features_file import FeatureTable, read_features, sha256_of
from engine.model.kinds import Floats, Trained, TrainingData
from engine.model.metrics import Scored, Terms
from engine.model.run import Run
from engine.model.split import Part, Split, split, utc_text
from engine.model.store import check_place, load_run, make_current, write_run
from engine.model.threshold import Choice, choose
from engine.progress import Meter
from engine.train.anomaly import Anomaly
from engine.train.options import Options


@dataclass(frozen=True, slots=True)
class Training:
    """A finished training.

    Parameters
    ----------
    run
        The run, as it was read back from disk.
    thresholds, metrics
        What ``threshold.json`` and ``metrics.json`` hold.
    current
        Where ``current`` leads to the run from; None if it was left alone.
    seconds
        How long each stage took, ``total`` among them.
    """

    run: Run
    thresholds: dict[str, Any]
    metrics: dict[str, Any]
    current: Path | None
    seconds: dict[str, float]


def train(options: Options, table: FeatureTable | None = None) -> Training:
    """Train a model and write its run.

    Parameters
    ----------
    options
        How.
    table
        What was read of ``options.features``, if it was.

    Raises
    ------
    SentinelError
        If something was refused or could not be written. Whatever goes wrong, the folder of runs
        holds what it held before.
    """
    check_place(options.out, options.id, overwrite=options.overwrite)
    with Meter("train", None, quiet=options.quiet, noun="tree") as meter:
        return _Job(options, meter).run(table)


class _Job:
    """One training."""

    def __init__(self, options: Options, meter: Meter) -> None:
        self._options = options
        self._meter = meter
        self._seconds: dict[str, float] = {}
        self._began = elapsed()
        self._since = self._began

    def run(self, table: FeatureTable | None) -> Training:
        options = self._options
        if table is None:
            table = read_features(options.features, labels_required=True)
        parts = split(table, options.split)
        self._passed("read")
        anomaly = Anomaly(options, table, parts) if options.anomaly else None
        data = self._data(table, parts)
        trained = self._train(data) if anomaly is None else anomaly.train(data, self._train)
        usual = _medians(table.features.names, data.values)
        bins = training_bins(table.features, data.values, trained.held_out_scores)
        del data  # a copy of most of the table
        self._passed("train")
        choice = self._choose(table, parts.validation, trained)
        labels = table.known_labels
        calibration = fit_calibration(
            options.calibration, trained.held_out_scores, labels[parts.validation.rows]
        )
        self._passed("choose")
        metrics = self._measure(table, parts.test, trained, choice, calibration)
        if anomaly is not None:
            metrics |= {"anomaly": anomaly.compared(trained)}
            usual |= anomaly.usual
        self._passed("measure")
        thresholds = self._threshold_json(choice, calibration)
        folder = write_run(
            options.out,
            options.id,
            model=trained.model,
            features=table.features,
            threshold=thresholds,
            metrics=metrics,
            bins=bins,
            manifest=self._manifest(table, parts, trained, metrics)
            | {"anomaly": None if anomaly is None else anomaly.facts, "usual": usual},
        )
        # Read back as others will read it: a run that cannot be loaded is found here, not there.
        run = load_run(folder, threads=options.threads)
        current = make_current(folder) if options.make_current else None
        self._passed("write")
        seconds = {**self._seconds, "total": elapsed() - self._began}
        return Training(run, thresholds, metrics, current, seconds)

    def _passed(self, stage: str) -> None:
        now = elapsed()
        self._seconds[stage] = now - self._since
        self._since = now

    def _data(self, table: FeatureTable, parts: Split) -> TrainingData:
        labels, held_out = table.known_labels, parts.validation
        return TrainingData(
            names=table.features.names,
            values=table.values[parts.train.rows],
            labels=labels[parts.train.rows],
            validation_values=table.values[held_out.rows],
            validation_labels=labels[held_out.rows],
            refit_order=parts.refit_order,
        )

    def _train(self, data: TrainingData) -> Trained:
        options = self._options
        events = f"{len(data.labels):,} events, {int(data.labels.sum()):,} of them fraud"
        self._meter.say(f"training {options.model} on {events}")
        if options.model == "lightgbm":
            from engine.model.boosted import MOST_TREES, train_boosted  # noqa: PLC0415 - slow

            self._meter.begin("train", MOST_TREES, "tree")
            return train_boosted(
                data,
                seed=options.seed,
                threads=options.threads,
                progress=lambda _: self._meter.advance(1),
            )
        from engine.model.forest import train_forest  # noqa: PLC0415 - slow to import

        return train_forest(data, seed=options.seed, threads=options.threads)

    def _choose(self, table: FeatureTable, held_out: Part, trained: Trained) -> Choice:
        return choose(
            self._options.rule,
            trained.held_out_scores,
            table.known_labels[held_out.rows],
            days=held_out.days * held_out.coverage,
            amounts=None if table.amounts is None else table.amounts[held_out.rows],
            alert_cost=self._options.alert_cost,
        )

    def _measure(
        self,
        table: FeatureTable,
        test: Part,
        trained: Trained,
        choice: Choice,
        calibration: Calibration,
    ) -> dict[str, Any]:
        options = self._options
        scores = trained.model.scores(table.values[test.rows])
        scored = Scored(
            scores=scores,
            probabilities=calibration.apply(scores),
            labels=table.known_labels[test.rows],
            card_codes=table.card_codes[test.rows],
            times=table.times[test.rows],
            amounts=None if table.amounts is None else table.amounts[test.rows],
        )
        terms = Terms(
            threshold=choice.threshold,
            alert_cost=options.alert_cost,
            cards_per_day=options.cards_per_day,
            days=test.days * test.coverage,
        )
        self._meter.begin("measure", options.resamples, "draw")
        return evaluate(
            scored,
            terms,
            resamples=options.resamples,
            seed=options.seed,
            progress=lambda _: self._meter.advance(1),
        )

    def _threshold_json(self, choice: Choice, calibration: Calibration) -> dict[str, Any]:
        return {
            "threshold": choice.threshold,
            "rule": str(self._options.rule),
            "chosen_on": "validation",
            "there": {
                "precision": choice.precision,
                "recall": choice.recall,
                "f1": choice.f1,
                "alerts_per_day": choice.alerts_per_day,
                "cost": choice.cost,
            },
            "alert_cost": self._options.alert_cost,
            "calibration": calibration.to_json(),
        }

    def _manifest(
        self, table: FeatureTable, parts: Split, trained: Trained, metrics: dict[str, Any]
    ) -> dict[str, Any]:
        options, labels = self._options, table.known_labels
        headline = ("average_precision", "roc_auc", "at_threshold.f1")
        return {
            "seed": options.seed,
            "options": {
                **options.split.to_json(),
                "threshold": str(options.rule),
                "alert_cost": options.alert_cost,
                "calibration": options.calibration,
                "cards_per_day": options.cards_per_day,
                "resamples": options.resamples,
                "anomaly": options.anomaly,
            },
            "training": trained.facts,
            "data": {
                "file": str(table.path),
                "sha256": sha256_of(table.path),
                "events": len(table),
                "from": utc_text(int(table.times.min())),
                "to": utc_text(int(table.times.max())),
            },
            "parts": {
                part.name: {
                    "from": utc_text(part.start),
                    "until": utc_text(part.end),
                    "start": part.start,
                    "end": part.end,
                    "events": len(part.rows),
                    "fraud": int(labels[part.rows].sum()),
                    "cards": len(np.unique(table.card_codes[part.rows])),
                }
                for part in parts.parts
            },
            "metrics": {name: metrics["figures"][name] for name in headline},
        }


def _medians(names: tuple[str, ...], values: Floats) -> dict[str, float | None]:
    """The usual value of each feature; None where it never had one."""
    found: dict[str, float | None] = {}
    for place, name in enumerate(names):
        column = values[:, place]
        known = column[~np.isnan(column)]
        found[name] = float(np.median(known)) if len(known) else None
    return found
