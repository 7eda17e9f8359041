"""The work of the commands: a ledger exported, or what is old in it removed."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

import polars as pl

from engine.catalog import told_of
from engine.clock import elapsed, utc_second
from engine.definition import FeatureSet
from engine.errors import InputError
from engine.ledger.options import ExportOptions, RetainOptions
from engine.ledger.place import Place
from engine.live.ledger.export import (
    Extent,
    Span,
    decision_frames,
    extent,
    has_labels,
    log_frames,
)
from engine.live.ledger.reader import Reader, reading
from engine.live.ledger.retention import Removed, retain
from engine.progress import Meter

_MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Exported:
    """A finished export.

    Parameters
    ----------
    options
        What was asked.
    rows
        How many rows were written.
    fallbacks
        How many decisions in the span are not a model's.
    left_out
        How many decisions in the span were left out: such, or if a log was asked for those whose
        event could not be read.
    labelled
        Whether a log got the columns of labels.
    seconds
        How long it took.
    """

    options: ExportOptions
    rows: int
    fallbacks: int
    left_out: int
    labelled: bool
    seconds: float

    def summary(self) -> dict[str, Any]:
        """What ``--json`` prints."""
        return {
            "ledger": str(self.options.ledger),
            "out": str(self.options.out),
            "as": self.options.form,
            "rows": self.rows,
            "fallbacks": self.fallbacks,
            "left_out": self.left_out,
            "labelled": self.labelled,
            "seconds": round(self.seconds, 3),
        }


def export(options: ExportOptions) -> Exported:
    """Export a ledger.

    Raises
    ------
    SentinelError
        If the ledger cannot be read, or the result cannot be written.
    """
    began = elapsed()
    place = Place(options.out, options.form, overwrite=options.overwrite)
    with reading(options.ledger) as reader:
        about = reader.about()
        features = reader.features()
        there = extent(reader, Span(options.since, options.until))
        left_out = _left_out(options, there)
        expected = there.decisions - left_out
        if expected == 0:
            raise _nothing(options, there)
        labelled = options.form == "log" and has_labels(reader)
        said = {
            "exported_from": options.ledger.name,
            **told_of(features),
            "fingerprint": about["fingerprint"],  # as it was decided with
            "from": options.since,
            "to": options.until,
            "left_out": left_out,
            "lateness": about["lateness"],
            "leap": about["leap"],
        }
        frames = _frames(options, reader, features, there)
        with Meter("export", expected, quiet=options.quiet, noun="event") as meter:
            rows = place.write(frames, said, lambda frame: meter.advance(len(frame)))
    return Exported(options, rows, there.fallbacks, left_out, labelled, elapsed() - began)


def remove_old(options: RetainOptions) -> Removed:
    """Remove what is old in a ledger.

    Raises
    ------
    SentinelError
        If it cannot be read or written, or nothing would remain.
    """
    with Meter("remove", None, quiet=options.quiet, noun="event") as meter:
        return retain(options.ledger, options.keep, _now(), progress=meter.advance)


def removed_json(options: RetainOptions, removed: Removed) -> dict[str, Any]:
    """What ``retain --json`` prints."""
    return {"ledger": str(options.ledger), "keep_seconds": options.keep, "removed": asdict(removed)}


def _now() -> int:
    return int(utc_second().timestamp()) * _MICROSECONDS


def _frames(
    options: ExportOptions, reader: Reader, features: FeatureSet, there: Extent
) -> Iterator[pl.DataFrame]:
    span = Span(options.since, options.until)
    if options.form == "log":
        return log_frames(reader, features.schema, span, there, labels=has_labels(reader))
    return decision_frames(reader, features, span, there, fallbacks=options.fallbacks)


def _left_out(options: ExportOptions, there: Extent) -> int:
    if options.form == "log":
        return there.unreadable
    return 0 if options.fallbacks else there.fallbacks


def _nothing(options: ExportOptions, there: Extent) -> InputError:
    bounded = options.since is not None or options.until is not None
    if there.decisions:
        return InputError(
            f"{options.ledger}: there is nothing else in it to export (was "
            f"{there.decisions:,} fallbacks)",
            hint="add --fallbacks to export them, or see --as log",
        )
    return InputError(
        f"{options.ledger}: there are no decisions {'in that span' if bounded else 'in it yet'} "
        "(was 0)",
        hint="python -m engine.ledger show says from when to when there are some",
    )
