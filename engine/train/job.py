"""The training itself: read, split, train, choose, measure, and keep it all in a run."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.clock import elapsed
from engine.events.inputs import refuse_to_replace
from engine.model.bins import training_bins
from engine.model.calibration import Calibration, fit_calibration
from engine.model.encoding import Encoding, fit_encoding
from engine.model.evaluate import evaluate
from engine.model.features_file import FeatureTable, read_features
from engine.model.kinds import Trained, TrainingData
from engine.model.loading import load_run
from engine.model.metrics import Scored, Terms
from engine.model.narrowed import without
from engine.model.run import (
    ABLATION,
    BINS,
    CURRENT,
    ENCODING,
    METRICS,
    REPORT,
    THRESHOLD,
    Run,
    usual_values,
)
from engine.model.split import Part, Split, split
from engine.model.store import check_place, describe, json_bytes, write_run
from engine.model.threshold import Choice, choose
from engine.progress import Meter
from engine.train.ablation import Ablation
from engine.train.anomaly import Anomaly
from engine.train.contents import manifest_content, threshold_content, usual_of
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
    report
        The page that tells all of it; None if none was asked for.
    current
        Where ``current`` leads to the run from; None if it was left alone.
    seconds
        How long each stage took, ``total`` among them.
    ablation
        What ``ablation.json`` holds; None if it was not asked for.
    """

    run: Run
    thresholds: dict[str, Any]
    metrics: dict[str, Any]
    report: Path | None
    current: Path | None
    seconds: dict[str, float]
    ablation: dict[str, Any] | None = None


def train(
    options: Options, table: FeatureTable | None = None, parts: Split | None = None
) -> Training:
    """Train a model and write its run.

    Parameters
    ----------
    options
        How.
    table
        What was read of ``options.features``, if it was: of the features that are to be learnt
        from, as nothing is left out of it here.
    parts
        How it was split, if it was; else it is split as the options say.

    Raises
    ------
    SentinelError
        If something was refused or could not be written. Whatever goes wrong, the folder of runs
        holds what it held before.
    KeyboardInterrupt
        If it was interrupted. The same holds, unless the run was being put in its place by then, or
        was there already: it is whole, and the exception says that it is there.
    """
    check_place(options.out, options.id, overwrite=options.overwrite)
    refuse_to_replace([options.features], options.out / options.id, "--id")
    with Meter("train", None, quiet=options.quiet, noun="tree") as meter:
        return _Job(options, meter).run(table, parts)


class _Job:
    """One training."""

    def __init__(self, options: Options, meter: Meter) -> None:
        self._options = options
        self._meter = meter
        self._seconds: dict[str, float] = {}
        self._began = elapsed()
        self._since = self._began

    def run(self, table: FeatureTable | None, parts: Split | None) -> Training:
        options = self._options
        if table is None:
            table = without(read_features(options.features, labels_required=True), options.without)
        if parts is None:
            parts = split(table, options.split)
        self._passed("read")
        encoding = fit_encoding(table.values, parts.train.rows, table.features.names)
        ablation = Ablation(options, table, parts) if options.ablation else None
        anomaly = Anomaly(options, table, parts, encoding) if options.anomaly else None
        data = self._data(table, parts, encoding)
        trained = self._train(data) if anomaly is None else anomaly.train(data, self._train)
        usual = usual_of(table.features.names, data.values, encoding)
        bins = training_bins(
            table.features,
            data.values,
            trained.held_out_scores,
            (table.card_codes[parts.train.rows], table.card_codes[parts.validation.rows]),
            encoding.unseen,
        )
        del data  # a copy of most of the table
        self._passed("train")
        choice = self._choose(table, parts.validation, trained)
        labels = table.known_labels
        calibration = fit_calibration(
            options.calibration, trained.held_out_scores, labels[parts.validation.rows]
        )
        self._passed("choose")
        scored = _scored(table, parts.test, trained, calibration, encoding)
        metrics = self._measure(scored, parts.test, choice)
        if anomaly is not None:
            metrics |= {"anomaly": anomaly.compared(trained)}
            usual = {**usual, **anomaly.usual}
        self._passed("measure")
        families = None
        if ablation is not None:
            families = ablation.measured(
                trained,
                self._seconds["train"],
                lambda fewer, encoding: self._data(fewer, parts, encoding),
                self._train,
                self._meter,
            )
            self._passed("ablation")
        thresholds = threshold_content(choice, calibration, options)
        told = manifest_content(options, table, parts, trained.facts, metrics)
        told |= {"anomaly": None if anomaly is None else anomaly.facts, "usual": usual}
        run = Run(
            path=options.out / options.id,
            features=table.features,
            model=trained.model,
            threshold=choice.threshold,
            calibration=calibration,
            usual=usual_values(usual, {table.features.names[at] for at in encoding.columns}),
            manifest=describe(options.id, model=trained.model, features=table.features, told=told),
            bins=bins,
            encoding=encoding,
        )
        others = {
            THRESHOLD: json_bytes(thresholds),
            METRICS: json_bytes(metrics),
            BINS: json_bytes(bins.to_json()),
        }
        if encoding.columns:
            others[ENCODING] = json_bytes(encoding.to_json(table.features.names))
        if families is not None:
            others |= {ABLATION: json_bytes(families)}
        if options.report:
            others |= self._report(run, thresholds, metrics, families, table, parts.test, scored)
        self._passed("report")
        place = run.path
        run = write_run(
            run,
            others,
            lambda made: load_run(made, threads=options.threads, called=place),
            current=options.make_current,
        )
        current = place.parent / CURRENT if options.make_current else None
        self._passed("write")
        seconds = {**self._seconds, "total": elapsed() - self._began}
        report = run.path / REPORT if options.report else None
        return Training(run, thresholds, metrics, report, current, seconds, families)

    def _passed(self, stage: str) -> None:
        now = elapsed()
        self._seconds[stage] = now - self._since
        self._since = now

    def _data(self, table: FeatureTable, parts: Split, encoding: Encoding) -> TrainingData:
        labels, held_out = table.known_labels, parts.validation
        return TrainingData(
            names=table.features.names,
            values=encoding.encoded(table.values[parts.train.rows]),
            labels=labels[parts.train.rows],
            validation_values=encoding.encoded(table.values[held_out.rows]),
            validation_labels=labels[held_out.rows],
            refit_order=parts.refit_order,
            unseen=encoding.unseen,
        )

    def _train(self, data: TrainingData, words: str = "") -> Trained:
        options = self._options
        events = f"{len(data.labels):,} events, {int(data.labels.sum()):,} of them fraud"
        self._meter.say(f"training {options.model} on {events}{words}")
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

    def _measure(self, scored: Scored, test: Part, choice: Choice) -> dict[str, Any]:
        options = self._options
        terms = Terms(
            threshold=choice.threshold,
            alert_cost=options.alert_cost,
            cards_per_day=options.cards_per_day,
            days=test.days * test.coverage,
            sampled=test.sampled,
        )
        self._meter.begin("measure", options.resamples, "draw")
        return evaluate(
            scored,
            terms,
            resamples=options.resamples,
            seed=options.seed,
            progress=lambda _: self._meter.advance(1),
        )

    def _report(
        self,
        run: Run,
        thresholds: dict[str, Any],
        metrics: dict[str, Any],
        families: dict[str, Any] | None,
        table: FeatureTable,
        test: Part,
        scored: Scored,
    ) -> dict[str, bytes]:
        from engine.report.job import most_plots, training_report  # noqa: PLC0415 - slow to import
        from engine.report.judged import judged_by  # noqa: PLC0415 - see above

        judged = judged_by(run, thresholds, metrics, table, test.rows, scored)
        judged = replace(judged, ablation=families)
        self._meter.begin("report", most_plots(judged), "plot")
        return training_report(judged, lambda: self._meter.advance(1))


def _scored(
    table: FeatureTable, part: Part, trained: Trained, calibration: Calibration, encoding: Encoding
) -> Scored:
    # A backtest's window may hold no labelled event; models take no table without rows.
    values = encoding.encoded(table.values[part.rows])
    scores = trained.model.scores(values) if len(part.rows) else np.empty(0)
    return Scored(
        scores=scores,
        probabilities=calibration.apply(scores),
        labels=table.known_labels[part.rows],
        card_codes=table.card_codes[part.rows],
        times=table.times[part.rows],
        amounts=None if table.amounts is None else table.amounts[part.rows],
    )
