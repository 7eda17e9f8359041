"""From what a replay is given to a source of events: a log's files, or a ledger."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.arguments import LEAP
from engine.decide.folder import ABOUT
from engine.definition import FeatureSet
from engine.errors import InputError
from engine.events.inputs import InputFile, Results, find_inputs, refuse_to_replace
from engine.events.quarantine import Quarantine
from replay.clocks import Clocks
from replay.ledger_files import find_ledger
from replay.logged import LogSource
from replay.options import Options
from replay.playback import played_log
from replay.recorded import LedgerSource
from replay.source import Source


@dataclass(frozen=True, slots=True)
class Opening:
    """What there is to play back, before its events are read.

    Parameters
    ----------
    files
        The files that hold them.
    rows
        About how many there are; None if nobody knows.
    clocks
        Whose clocks are believed: as it is asked, or else as a ledger was recorded.
    source
        Reads them: it takes a quarantine for what is refused, and a folder for copies.
    """

    files: tuple[InputFile, ...]
    rows: int | None
    clocks: Clocks
    source: Callable[[Quarantine, Path], Source]


def open_source(options: Options, features: FeatureSet) -> Opening:
    """What the inputs of a replay are.

    Raises
    ------
    InputError
        If they are not there, or not such that features can be computed from them.
    """
    lag = options.feed_lag * features.schema.ticks_per_second
    folder = _ledger_among(options.inputs)
    if folder is None:
        # A ledger that was begun below a folder of inputs is none of them.
        results = None if options.ledger is None else Results(options.ledger, ())
        files = find_inputs(options.inputs, results)
        if options.ledger is not None:
            refuse_to_replace([file.path for file in files], options.ledger, "--ledger")
        log = played_log(features, files, arrivals=options.order != "event-time")

        def logged(quarantine: Quarantine, scratch: Path) -> Source:
            return LogSource(
                log, order=options.order, lag=lag, quarantine=quarantine, scratch=scratch
            )

        leap = LEAP if options.leap == "usual" else options.leap
        return Opening(files, log.rows, Clocks.of_log(features.schema, leap), logged)
    if options.ledger is not None and options.ledger.resolve() == folder.resolve():
        raise InputError(
            f"--ledger: the ledger that is played back (was {str(options.ledger)!r})",
            hint="name another folder",
        )
    ledger = find_ledger(folder)
    source = LedgerSource(ledger, features, order=options.order, lag=lag)
    parts = tuple(InputFile(part, "parquet") for part in ledger.parts)
    clocks = Clocks.of_ledger(features.schema, ledger.about)
    if options.leap != "usual":
        clocks = replace(clocks, leap=Clocks.of_log(features.schema, options.leap).leap)
    return Opening(parts, source.counts.kept, clocks, lambda _quarantine, _scratch: source)


def _ledger_among(inputs: Sequence[str]) -> Path | None:
    found = [Path(name) for name in inputs if (Path(name) / ABOUT).is_file()]
    if found and len(inputs) > 1:
        raise InputError(
            f"a ledger is played back by itself (was {str(found[0])!r} of {len(inputs)} inputs)",
            hint="name the ledger alone",
        )
    return found[0] if found else None
