"""A replay: a log played back by one run, and what came of it."""

from pathlib import Path
from tempfile import gettempdir
from typing import Any

from engine.decide.records import record_schema
from engine.definition import fingerprint
from engine.definition.needs import needs_labels
from engine.events.disk import scratch_folder
from engine.events.inputs import InputFile, find_inputs, refuse_to_replace
from engine.events.quarantine import Quarantine
from engine.model.loading import load_run
from engine.model.run import Run
from engine.progress import Meter
from replay.digest import Digest
from replay.ledger import open_ledger
from replay.options import Options
from replay.outcome import Outcome
from replay.playback import Manner, Playback, Shift, played_log
from replay.replayed import Replayed
from replay.source import Source


def replay(options: Options) -> Replayed:
    """Replay a log.

    Raises
    ------
    SentinelError
        If something was refused, or could not be written.
    """
    run = load_run(options.run)
    files = find_inputs(options.inputs)
    if options.ledger is not None:
        refuse_to_replace([file.path for file in files], options.ledger, "--ledger")
    log = played_log(run.features, files)
    near = Path(gettempdir()) if options.ledger is None else options.ledger.parent
    with (
        Meter("read", log.rows, quiet=options.quiet, noun="event") as meter,
        scratch_folder(near) as scratch,
        Quarantine(scratch / "quarantine.parquet") as quarantine,
    ):
        folder = scratch / "ledger" if options.ledger is None else options.ledger
        about = _about(options, run, files)
        schema = record_schema(run.features)
        ledger = open_ledger(folder, schema, about, overwrite=options.overwrite)
        source = Source(
            log,
            order=options.order,
            lag=options.feed_lag * run.features.schema.ticks_per_second,
            quarantine=quarantine,
            scratch=scratch,
        )
        outcome, digest = Outcome(run.features.schema), Digest()
        playback = Playback(
            source,
            [Shift(run, options.start, options.end)],
            ledger,
            [digest, outcome],
            _manner(options),
            meter,
        )
        playback.run()
        replayed = Replayed(
            run=run,
            counts=source.counts,
            history=playback.history,
            resumed=playback.resumed,
            late=playback.late,
            too_late=playback.too_late,
            outcome=outcome,
            digest=digest.hexdigest(),
            seconds=playback.seconds,
        )
        ledger.finish(replayed.summary())
        return replayed


def _manner(options: Options) -> Manner:
    return Manner(
        reasons=options.reasons,
        label_delay=options.label_delay,
        batch=options.batch,
        speed=options.speed,
    )


def _about(options: Options, run: Run, files: tuple[InputFile, ...]) -> dict[str, Any]:
    """What decides about what is decided: two replays that agree in it end in one digest."""
    return {
        "inputs": [{"file": file.name, "bytes": file.path.stat().st_size} for file in files],
        "feature_set": run.features.name,
        "fingerprint": fingerprint(run.features),
        "model": run.manifest["sha256"],
        "threshold": run.threshold,
        "from": options.start,
        "to": options.end,
        "order": options.order,
        "feed_lag": options.feed_lag,
        "label_delay": options.label_delay if needs_labels(run.features) else None,
        "reasons": options.reasons,
    }
