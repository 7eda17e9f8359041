"""Which run decides in which fold: trained for it, or one for all; each with its threshold."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.clock import elapsed
from engine.definition import FeatureSet, fingerprint, identity
from engine.errors import InputError, SentinelError
from engine.model.features_file import FeatureTable
from engine.model.loading import load_run
from engine.model.run import Run
from engine.model.split import Part, Split, SplitOptions, utc_date_of
from engine.model.threshold import Rule, choose
from engine.model.unseen import refuse_seen
from engine.progress import Meter
from engine.train.job import train
from engine.train.options import Options as TrainOptions
from replay.backtest.folds import Fold, learnable, rows_of
from replay.backtest.options import Contender, Options


def fixed_runs(options: Options) -> dict[Path, Run]:
    """The runs that are there already, by their folders.

    Raises
    ------
    InputError
        If one cannot be loaded, or two are of different feature sets.
    """
    paths = dict.fromkeys(each.run for each in options.contenders if each.run is not None)
    found = {path: load_run(path, threads=options.threads) for path in paths}
    sets = sorted({identity(run.features) for run in found.values()})
    if len(sets) > 1:
        raise InputError(
            f"the runs are of different feature sets (was {', '.join(sets)})",
            hint="compare two such runs with python -m engine.compare … --baseline-features …, "
            "or test each by itself",
        )
    return found


def wanted_set(options: Options, fixed: dict[Path, Run]) -> FeatureSet | None:
    """The feature set that is asked for, of the runs that are there theirs; None if neither is.

    Raises
    ------
    InputError
        If both are, and differ.
    """
    for path, run in fixed.items():
        asked = options.features
        if asked is not None and fingerprint(asked) != fingerprint(run.features):
            raise InputError(
                f"--set: not the feature set of {path} (was {identity(asked)}, "
                f"not {identity(run.features)})",
                hint="leave --set out; a run has its own",
            )
        return run.features
    return options.features


class Models:
    """The runs of each contender.

    Parameters
    ----------
    options
        How they are trained.
    table
        The whole log.
    folds
        The folds.
    fixed
        The runs that are there already.
    folder
        Where trained runs are, and are put.

    Raises
    ------
    InputError
        If a run would be judged by what it has learnt from.
    """

    def __init__(
        self,
        options: Options,
        table: FeatureTable,
        folds: Sequence[Fold],
        fixed: dict[Path, Run],
        folder: Path,
    ) -> None:
        self._options = options
        self._table = table
        self._folds = folds
        self._fixed = fixed
        self._folder = folder
        self._trained: dict[int, Run] = {}
        self._began = elapsed()
        for run in fixed.values():
            refuse_seen(
                run,
                folds[0].start,
                folds[-1].end,
                hint="leave --from out, or test what is trained anew for each fold, without --run",
            )

    def of(self, contender: Contender) -> list[Run]:
        """The run of each fold, with the contender's threshold.

        Raises
        ------
        SentinelError
            If a model cannot be trained on what a fold has, or no threshold keeps to the rule.
        """
        if contender.run is not None:
            run = _with(self._fixed[contender.run], contender.threshold)
            return [run] * len(self._folds)
        return [self._of_fold(fold, contender) for fold in self._folds]

    def _of_fold(self, fold: Fold, contender: Contender) -> Run:
        parts = learnable(self._table, fold, rows_of(self._table, fold))
        if fold.number not in self._trained:
            self._trained[fold.number] = self._train(fold, parts)
        run, rule = self._trained[fold.number], contender.threshold
        if isinstance(rule, Rule):
            return replace(run, threshold=self._chosen(fold, run, parts.validation, rule))
        return _with(run, rule)

    def _train(self, fold: Fold, parts: Split) -> Run:
        options, name = self._options, f"fold-{fold.number:02}"
        if (self._folder / name).exists():
            return load_run(self._folder / name, threads=options.threads)
        with Meter("train", None, quiet=options.quiet) as meter:
            meter.say(f"{fold} ({len(self._folds)} folds{self._left(fold)})")
        settings = TrainOptions(
            features=self._table.path,
            out=self._folder,
            id=name,
            model=options.training.model,
            split=SplitOptions(
                label_delay=fold.delay,
                start=utc_date_of(fold.learnt_from),
                validation_from=utc_date_of(fold.chosen_from),
                test_from=utc_date_of(fold.start),
                until=utc_date_of(fold.end),
                seed=options.seed,
            ),
            rule=options.training.rule,
            alert_cost=options.alert_cost,
            calibration=options.training.calibration,
            cards_per_day=options.cards_per_day,
            resamples=0,
            seed=options.seed,
            threads=options.threads,
            make_current=False,
            report=False,
            quiet=options.quiet,
        )
        try:
            return train(settings, self._table, parts).run
        except SentinelError as error:
            raise InputError(f"{fold}: {error.what}", hint=error.hint) from error

    def _left(self, fold: Fold) -> str:
        """How long the folds from this one on will take, if those before tell."""
        if not self._trained:
            return ""
        each = (elapsed() - self._began) / len(self._trained)
        return f", about {each * (len(self._folds) - self._folds.index(fold)):.0f} s left"

    def _chosen(self, fold: Fold, run: Run, tail: Part, rule: Rule) -> float:
        table = self._table
        try:
            return choose(
                rule,
                run.scores(table.values[tail.rows]),
                table.known_labels[tail.rows],
                days=tail.days * tail.coverage,
                amounts=None if table.amounts is None else table.amounts[tail.rows],
                alert_cost=self._options.alert_cost,
            ).threshold
        except SentinelError as error:
            raise InputError(f"{fold}: {error.what}", hint=error.hint) from error


def _with(run: Run, threshold: float | Rule | None) -> Run:
    if isinstance(threshold, float):
        return replace(run, threshold=threshold)
    return run
