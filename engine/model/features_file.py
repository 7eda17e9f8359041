"""A build's features as arrays, once it is known that this code computes the same features."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.catalog import set_of
from engine.definition import FeatureSet, column, fingerprint, log1p
from engine.definition.types import Kind
from engine.errors import DefinitionError, InputError
from engine.events.canonical import EVENT_ID
from engine.model.feature_values import FeatureValues, text_columns, values_of_frame
from engine.model.labels import UNLABELLED, read_labels
from engine.parts import files_of, is_parts, is_table

FEATURES: Final = "features.parquet"
NAMES: Final = "features.json"
BUILD: Final = "build.json"

_AMOUNT: Final = "amt"
_AGAIN: Final = "build the features anew with python -m engine.build"


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """Events with their features, in the order of the file.

    Parameters
    ----------
    path
        The file.
    features
        The feature set that it was built with.
    values
        Of each event its features, in declared order.
    event_ids
        String.
    cards
        uint64, the card of each event.
    card_codes
        int64, the same counted from 0 in the order of card numbers.
    times
        int64, seconds since 1970 UTC.
    labels
        int8, 1 for fraud, ``UNLABELLED`` of an event that has none; None where the file has no
        labels or, unless they are required, lacks some.
    unlabelled
        How many events have no label.
    amounts
        float64, in major units, exact to the cent; None where no feature tells them, or an event
        has none.
    label_column
        As it is in the file, null where there is no label; None where the file has no such column.
    label_times
        int64, seconds since 1970 UTC, from when on each label was known, by what the file says; the
        event's own time where it does not; None where the file has no such column.
    called
        What messages call the file; None for its path.
    quarantined
        How many rows of the log are not in the file because they could not be read.
    quarantined_labels
        How many of these because of their label.
    """

    path: Path
    features: FeatureSet
    values: FeatureValues
    event_ids: pl.Series
    cards: NDArray[np.uint64]
    card_codes: NDArray[np.int64]
    times: NDArray[np.int64]
    labels: NDArray[np.int8] | None
    unlabelled: int
    amounts: NDArray[np.float64] | None
    label_column: pl.Series | None = None
    label_times: NDArray[np.int64] | None = None
    called: str | None = None
    quarantined: int = 0
    quarantined_labels: int = 0

    def __len__(self) -> int:
        return len(self.times)

    @property
    def name(self) -> str:
        """What messages call the file."""
        return str(self.path) if self.called is None else self.called

    @property
    def labelled(self) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        """The places of the events that have a label, int64, and their labels."""
        if self.label_column is None:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int8)
        labels = read_labels(self.label_column, self.name)
        rows = np.flatnonzero(labels != UNLABELLED)
        return rows, labels[rows]

    @property
    def is_labelled(self) -> NDArray[np.bool_]:
        """Whether each event has a label, where labels were required."""
        labelled: NDArray[np.bool_] = self.known_labels != UNLABELLED
        return labelled

    @property
    def known_labels(self) -> NDArray[np.int8]:
        """The labels, where they were required; see :attr:`is_labelled` for which there are."""
        if self.labels is None:
            raise InputError(
                f"{self.name}: not every event has a label (was {self.unlabelled:,} without)",
                hint="leave out the events whose label is not known",
            )
        return self.labels


def locate_features(path: Path) -> Path | None:
    """The table of features that a path means: itself, or the one in a build's folder; else None.

    It is a file or, as Spark makes them, a folder of parts.
    """
    table = _meant(path)
    return table if table.name == FEATURES and is_table(table) else None


def read_features(path: Path, *, labels_required: bool, called: str | None = None) -> FeatureTable:
    """Read a build's features, checked against the code.

    Parameters
    ----------
    path
        A build's folder, or the ``features.parquet`` in it; ``build.json`` and ``features.json``
        stand beside that.
    labels_required
        Whether to refuse a file without labels; single events may have none.
    called
        What messages call it: a log, of which these are the features for now; None for its path.

    Raises
    ------
    InputError
        If something is missing, the features were built by other definitions than this code's, the
        files do not belong together, a feature is no number or text as its definition says, or a
        label cannot be read.
    """
    file = _meant(path)
    if not is_table(file):
        raise InputError(
            f"no features there (was {str(path)!r})",
            hint=f"name a folder that python -m engine.build made, or the {FEATURES} in it",
        )
    if file.name != FEATURES and not (file.parent / BUILD).exists():
        raise InputError(
            f"not a file of features (was {str(path)!r})",
            hint=f"build them from a log with python -m engine.build, and name its folder or the "
            f"{FEATURES} in it",
        )
    report = _json(file.parent / BUILD, dict)
    features = _checked_set(file, report)
    _check_columns(file, features, report, called or str(file))
    frame = _read(file, called or str(file))
    table = _table(file, features, frame, labels_required=labels_required, called=called)
    quarantined, of_labels = _quarantined(features, report)
    return replace(table, quarantined=quarantined, quarantined_labels=of_labels)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal; of a folder of parts, that of one after the other."""
    digest = hashlib.sha256()
    for part in files_of(path):
        with part.open("rb") as file:
            hashlib.file_digest(file, lambda: digest)
    return digest.hexdigest()


def _meant(path: Path) -> Path:
    return path / FEATURES if path.is_dir() and not is_parts(path) else path


def _json(path: Path, kind: type) -> Any:  # noqa: ANN401 - JSON of the kind that is asked for
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(
            f"{path}: cannot be read, so nobody knows what the features are (was: {reason})",
            hint=f"keep it beside {FEATURES}, or {_AGAIN}",
        ) from error
    if not isinstance(content, kind):
        raise InputError(
            f"{path}: was not made by a build (was {type(content).__name__})", hint=_AGAIN
        )
    return content


def _checked_set(file: Path, report: dict[str, Any]) -> FeatureSet:
    name, built_with = report.get("feature_set"), report.get("fingerprint")
    try:
        features = set_of(report)
    except DefinitionError as error:
        raise InputError(f"{file.parent / BUILD}: {error.what}", hint=error.hint) from error
    ours = fingerprint(features)
    if built_with != ours:
        raise InputError(
            f"{file}: built with other definitions of {name} than this code's "
            f"(was {str(built_with)[:12]}, this code's is {ours[:12]})",
            hint=f"{_AGAIN}, or use the version of the code that built these",
        )
    return features


def _check_columns(file: Path, features: FeatureSet, report: dict[str, Any], called: str) -> None:
    names = _json(file.parent / NAMES, list)
    if names != list(features.names):
        raise InputError(
            f"{file.parent / NAMES}: not the features of {features.name} in their order "
            f"(was {len(names)} names)",
            hint=_AGAIN,
        )
    try:
        files = files_of(file)
        schema = pl.read_parquet_schema(files[0])
        rows = pl.scan_parquet(files).select(pl.len()).collect().item()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(
            f"{file}: cannot be read as Parquet (was: {str(error).splitlines()[0]})", hint=_AGAIN
        ) from error
    there = [name for name in schema if name in set(names)]
    if there != names:
        lacking = [name for name in names if name not in schema]
        raise InputError(
            f"{file}: its columns are not the features of {features.name} in their order "
            f"(was {'lacking ' + ', '.join(lacking) if lacking else 'another order'})",
            hint=_AGAIN,
        )
    counts = report.get("rows")
    written = counts.get("written") if isinstance(counts, dict) else None
    if rows != written:
        raise InputError(
            f"{file}: not the file that {BUILD} beside it tells of "
            f"(was {rows:,} rows where it says {written!r})",
            hint=_AGAIN,
        )
    texts = {names[column] for column in text_columns(features)}
    other = [name for name in names if not _is_of_kind(schema[name], is_text=name in texts)]
    if other:
        raise InputError(
            f"{called}: not what its definitions say "
            f"(was {', '.join(other)} as {schema[other[0]]})",
            hint=_AGAIN,
        )


def _is_of_kind(dtype: pl.DataType, *, is_text: bool) -> bool:
    return dtype == pl.String if is_text else dtype.is_numeric() or dtype == pl.Boolean


def _quarantined(features: FeatureSet, report: dict[str, Any]) -> tuple[int, int]:
    """How many rows the build put aside, and how many for their label, as its reasons begin."""
    told = report.get("quarantined")
    reasons = told if isinstance(told, dict) else {}
    counts = {reason: count for reason, count in reasons.items() if isinstance(count, int)}
    of_label = f"{features.schema.label} "
    return sum(counts.values()), sum(n for why, n in counts.items() if why.startswith(of_label))


def _read(file: Path, called: str) -> pl.DataFrame:
    frame = pl.read_parquet(files_of(file))
    if not len(frame):
        raise InputError(f"{called}: there are no events (was 0 rows)", hint="build a longer log")
    return frame


def _table(
    file: Path,
    features: FeatureSet,
    frame: pl.DataFrame,
    *,
    labels_required: bool,
    called: str | None,
) -> FeatureTable:
    schema = features.schema
    card = next(column.name for column in schema.columns if column.type.kind is Kind.CARD)
    labels, unlabelled = _labels(called or str(file), schema.label, frame, required=labels_required)
    codes = frame[card].rank("dense").cast(pl.Int64) - 1
    return FeatureTable(
        path=file,
        features=features,
        values=values_of_frame(frame, features.names, text_columns(features)),
        event_ids=frame[EVENT_ID],
        cards=frame[card].to_numpy(),
        card_codes=codes.to_numpy(),
        times=(frame[schema.event_time] // schema.ticks_per_second).to_numpy(),
        labels=labels,
        unlabelled=unlabelled,
        amounts=_known(_amounts(features, frame)),
        label_column=frame[schema.label] if schema.label in frame.columns else None,
        label_times=_label_times(features, frame),
        called=called,
    )


def _label_times(features: FeatureSet, frame: pl.DataFrame) -> NDArray[np.int64] | None:
    schema = features.schema
    if schema.label_time is None or schema.label_time not in frame.columns:
        return None
    ticks = schema.ticks_per_second
    known = frame[schema.label_time].fill_null(frame[schema.event_time])
    # Within a second it is not known when that begins.
    return (-(-known // ticks)).to_numpy()


def _labels(
    called: str, label: str | None, frame: pl.DataFrame, *, required: bool
) -> tuple[NDArray[np.int8] | None, int]:
    if label is None or label not in frame.columns:
        if required:
            raise InputError(
                f"{called}: there is no label column (was {', '.join(frame.columns[:4])}, …)",
                hint=f"build from a log with the column {label}: 1 for fraud, 0 for not",
            )
        return None, len(frame)
    unlabelled = frame[label].null_count()
    if unlabelled and not required:
        return None, unlabelled
    if unlabelled == len(frame):
        raise InputError(
            f"{called}: no event has a label (was {unlabelled:,} without)",
            hint=f"build from a log whose {label} tells 1 for fraud, 0 for not",
        )
    return read_labels(frame[label], called), unlabelled


def _known(amounts: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    """Amounts if every event has one: of sums that lack some nobody knows what they are."""
    return None if amounts is None or np.isnan(amounts).any() else amounts


def _amounts(features: FeatureSet, frame: pl.DataFrame) -> NDArray[np.float64] | None:
    """The amounts, from the feature that tells them.

    The logarithm of one plus an amount holds it to within 2e-8 up to the schema's bound of ten
    million, so that rounding gives back the very minor units of two decimals; measured, it does so
    up to a million million.
    """
    amount = column(_AMOUNT)
    spec = features.schema.by_name.get(_AMOUNT)
    if spec is None or spec.type.kind is not Kind.MONEY:
        return None
    for feature in features.features:
        if feature.expression == amount:
            return frame[feature.name].cast(pl.Float64).to_numpy()
        if feature.expression == log1p(amount):
            logarithm: NDArray[np.float64] = frame[feature.name].to_numpy()
            amounts: NDArray[np.float64] = np.round(np.exp(logarithm) - 1.0, spec.type.scale)
            return amounts
    return None
