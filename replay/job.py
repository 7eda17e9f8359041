"""A replay: a log played back by one run, and what came of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from engine.decide.records import record_schema
from engine.definition import fingerprint
from engine.definition.needs import needs_labels
from engine.events.disk import scratch_folder
from engine.events.quarantine import Quarantine
from engine.model.loading import load_run
from engine.model.run import Run
from engine.progress import Meter
from replay.alone import alone_in
from replay.clocks import Clocks
from replay.ledger import check_ledger, open_ledger
from replay.opening import Opening, open_source
from replay.options import Options
from replay.outcome import Outcome
from replay.playback import Manner, Playback, Shift
from replay.replayed import Replayed
from replay.timing import Promptness


def replay(options: Options) -> Replayed:
    """Replay a log.

    Raises
    ------
    SentinelError
        If something was refused, or could not be written.
    """
    run = load_run(options.run)
    opening = open_source(options, run.features)
    ticks = run.features.schema.ticks_per_second
    with (
        _place(options.ledger) as near,
        Meter("read", opening.rows, quiet=options.quiet, noun="event") as meter,
        scratch_folder(near) as scratch,
        Quarantine(scratch / "quarantine.parquet") as quarantine,
    ):
        folder = scratch / "ledger" if options.ledger is None else options.ledger
        about = _about(options, run, opening)
        check_ledger(folder, about, overwrite=options.overwrite)
        source = opening.source(quarantine, scratch)
        # Not before the log was found to be one that can be replayed.
        schema = record_schema(run.features)
        ledger = open_ledger(folder, schema, about, overwrite=options.overwrite)
        outcome = Outcome(run.features.schema)
        timing = options.timing
        promptness = None if timing is None else Promptness(timing, run.features.schema)
        playback = Playback(
            source,
            [Shift(run, options.start, options.end)],
            ledger,
            [outcome] if promptness is None else [outcome, promptness],
            _manner(options, opening.clocks),
            meter,
        )
        playback.run()
        ledger.flush()
        last = playback.last_of_history
        replayed = Replayed(
            run=run,
            counts=source.counts,
            recorded=source.recorded,
            missing=source.missing,
            complete=source.complete,
            history=playback.history,
            last_of_history=None if last is None else last // ticks,
            resumed=playback.resumed,
            late=playback.late,
            too_late=playback.too_late,
            astray=playback.astray,
            outcome=outcome,
            promptness=promptness,
            digest=ledger.digest,
            seconds=playback.seconds,
        )
        ledger.finish(replayed.summary())
        return replayed


@contextmanager
def _place(ledger: Path | None) -> Iterator[Path]:
    """Where scratch goes; within the block nobody else replays into the ledger."""
    if ledger is None:
        yield Path(gettempdir())
        return
    with alone_in(ledger, "--ledger", "replay"):
        yield ledger.parent


def _manner(options: Options, clocks: Clocks) -> Manner:
    return Manner(
        clocks=clocks,
        reasons=options.reasons,
        label_delay=options.label_delay,
        batch=options.batch,
        speed=options.speed,
    )


def _about(options: Options, run: Run, opening: Opening) -> dict[str, Any]:
    """What decides about what comes of it: two replays that agree in it end in one digest."""
    return {
        "inputs": [{"file": file.name, "sha256": file.sha256()} for file in opening.files],
        "feature_set": run.features.name,
        "fingerprint": fingerprint(run.features),
        "model": run.manifest["sha256"],
        "threshold": run.threshold,
        "from": options.start,
        "to": options.end,
        "order": options.order,
        **opening.clocks.to_json(),
        "feed_lag": options.feed_lag,
        "label_delay": options.label_delay if needs_labels(run.features) else None,
        "reasons": options.reasons,
        "timing": None if options.timing is None else options.timing.to_json(),
    }
