"""The features of a whole log, computed once: they look back only, so every fold may share them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.build.job import build
from engine.build.options import Options as BuildOptions
from engine.catalog import notebook
from engine.decide.records import ARRIVAL_TIME
from engine.definition import FeatureSet
from engine.errors import InputError
from engine.events.inputs import InputFile, Results, called, find_inputs
from engine.events.log import Log
from engine.model.features_file import FeatureTable, locate_features, read_features
from engine.model.narrowed import table_for
from replay.backtest.labels import with_unlabelled
from replay.backtest.options import Options


def log_files(options: Options) -> tuple[InputFile, ...]:
    """The files of a log, without what a backtest that was stopped has left among them.

    Returns
    -------
    tuple of InputFile
        Empty if the inputs are the folder of a build.

    Raises
    ------
    InputError
        If there are none.
    """
    if built_before(options) is not None:
        return ()
    return find_inputs(options.inputs, None if options.out is None else Results(options.out, ()))


def whole_log(
    options: Options, files: Sequence[InputFile], features: FeatureSet | None, scratch: Path
) -> FeatureTable:
    """A log's features and labels, in the order of events; some may have no label.

    Parameters
    ----------
    options
        Whose inputs are a log, or the one folder of a build.
    files
        What :func:`log_files` finds.
    features
        The feature set that is needed; None for a build's own, and of a log the notebook's.
    scratch
        Where the features of a log are put; they have to stay there.

    Raises
    ------
    InputError
        If the log cannot be read, is out of time order or says when its events arrived and that
        is to be refused, has no labels, or a build lacks features of the set.
    """
    built = built_before(options)
    if built is not None:
        table = read_features(built, labels_required=False)
        if features is not None:
            table = table_for(table, features, "are asked for")
        return _ordered(options, with_unlabelled(table))
    features = features or notebook
    _refuse_arrivals(options, files, features)
    folder = scratch / "features"
    build(
        BuildOptions(
            inputs=tuple(file.name for file in files),
            out=folder,
            features=features,
            threads=options.threads,
            quiet=options.quiet,
        )
    )
    table = read_features(folder, labels_required=False, called=called(options.inputs))
    return _ordered(options, with_unlabelled(table))


def built_before(options: Options) -> Path | None:
    """The features file that the inputs name; None if they are a log."""
    return locate_features(Path(options.inputs[0])) if len(options.inputs) == 1 else None


def _refuse_arrivals(options: Options, files: Sequence[InputFile], features: FeatureSet) -> None:
    """Refuse to pass over in silence what a log says of when its events arrived."""
    if options.order == "event-time":
        return
    if ARRIVAL_TIME in Log(files, features.schema, ()).present:
        raise InputError(
            f"{called(options.inputs)}: the log says when its events arrived, and a backtest "
            f"takes them as they happened (was a column {ARRIVAL_TIME})",
            hint="add --order event-time, which does not look at it; python -m replay plays a log "
            "back as it arrived",
        )


def _ordered(options: Options, table: FeatureTable) -> FeatureTable:
    """The table in the order of events; events of equal times stay in that of arrival."""
    falls = int(np.count_nonzero(np.diff(table.times) < 0))
    if not falls:
        return table
    if options.order == "refuse":
        raise InputError(
            f"{table.name}: the log is out of time order (was {falls:,} of "
            f"{len(table):,} events right after a later one)",
            hint="add --order event-time to put it in order",
        )
    order = np.argsort(table.times, kind="stable")
    return replace(
        table,
        values=table.values[order],
        event_ids=table.event_ids[order],
        cards=table.cards[order],
        card_codes=table.card_codes[order],
        times=table.times[order],
        labels=table.known_labels[order],
        amounts=None if table.amounts is None else table.amounts[order],
        label_column=None if table.label_column is None else table.label_column[order],
        label_times=None if table.label_times is None else table.label_times[order],
    )
