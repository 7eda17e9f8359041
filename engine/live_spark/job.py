"""The composition root of the live scorer on Spark: what it is made of, and how it ends."""

import sys
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import uvloop

from engine.backends.online.engine import default_lateness
from engine.backends.online.state import State, read_state
from engine.backends.spark.session import session
from engine.definition import FeatureSet, fingerprint
from engine.definition.needs import needs_labels
from engine.errors import InputError
from engine.events.disk import scratch_folder
from engine.live.errors import KeyRejectedError
from engine.live.ledger.about import About as LedgerAbout
from engine.live.ledger.rows import Model
from engine.live.ledger.writer import Ledger
from engine.live.notices import Log
from engine.live.opening import open_ledger
from engine.live_spark.app import App
from engine.live_spark.checkpoint import About, Checkpoint
from engine.live_spark.options import Options
from engine.live_spark.partition import common_columns
from engine.live_spark.plan import Plan
from engine.live_spark.query import SEQUENCER, SETTINGS, verdicts_of
from engine.live_spark.sources import Files, events_of
from engine.live_spark.splitting import parts_of, sequencer_of
from engine.model.kinds import MODEL_FILES
from engine.model.loading import load_run
from engine.model.run import Run

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

EXIT_KEY: Final = 3
BUCKETS_A_TASK: Final = 4
# A query of small micro-batches plans more than it computes: of code that is compiled as well as
# can be it has little use, and compiling it took more than all else in the first minutes.
_JAVA: Final = ("-XX:TieredStopAtLevel=1",)


def live_spark(options: Options, log: Log) -> int:
    """Score a stream until it is asked to stop; the exit code.

    Raises
    ------
    SentinelError
        If something was refused, or cannot go on.
    """
    run = load_run(options.run)
    features = run.features
    if needs_labels(features):
        raise InputError(
            f"--run: reads labels, which the stream has not (was {features.name})",
            hint="train a run on a set without them, or use python -m engine.live, where labels "
            "are told by the API",
        )
    state = None if options.state is None else read_state(features, options.state)
    with (
        open_ledger(features, options.outbox, options.leap) as ledger,
        scratch_folder(options.outbox.absolute().parent) as scratch,
        session(options.cluster.master, java=_JAVA, scratch=scratch, hidden=True) as spark,
    ):
        checkpoint = Checkpoint(spark, options.checkpoint)
        about = checkpoint.about()
        if about is None:
            about = _first(features, options, ledger, spark, state)
            checkpoint.note(about, _wholes(features, about, state))
        else:
            _refuse_another(about, features, options, ledger)
            _refuse_elsewhere(about, options)
            if state is not None:
                why = "the checkpoint has a state"
                log.warning("setting passed over", what="--state", why=why)
        # Replays of the outbox are to have what the state has.
        ledger.describe(LedgerAbout.of(features, lateness=about.lateness, leap=about.leap))
        if about.leap != _leap(features, options):
            log.warning("setting passed over", what="--leap", why="the state has its own")
        if not common_columns(features):
            log.warning("one task has all of the state", why=f"keys of {features.name} share none")
        model = ledger.enrol(model_of(run))
        app = App(options, ledger, model, log)
        settings = SETTINGS | {"spark.sql.shuffle.partitions": str(about.partitions)}
        for name, value in settings.items():
            spark.conf.set(name, value)
        if isinstance(options.source, Files):
            options.source.folder.mkdir(parents=True, exist_ok=True)
        verdicts = verdicts_of(
            events_of(spark, options.source),
            checkpoint.begun() if about.has_begun else None,
            _plan(run, options, about),
        )
        try:
            uvloop.run(app.work(verdicts))
        except KeyRejectedError as error:
            with suppress(OSError):
                sys.stderr.write(f"{error}\n")
            return EXIT_KEY
    return 0


def _plan(run: Run, options: Options, about: About) -> Plan:
    return Plan(
        options.run.resolve(),
        model_of(run).sha256,
        about.buckets,
        about.lateness,
        about.leap,
        about.first,
    )


def model_of(run: Run) -> Model:
    """What the outbox keeps of a run's model."""
    return Model(
        sha256=run.manifest["sha256"][MODEL_FILES[run.model.kind]],
        run_id=run.manifest["id"],
        kind=run.model.kind,
        feature_set=fingerprint(run.features),
        threshold=run.threshold,
    )


def _first(
    features: FeatureSet,
    options: Options,
    ledger: Ledger,
    spark: "SparkSession",
    state: State | None,
) -> About:
    """What a new checkpoint is of."""
    if ledger.next_sequence and state is None:
        raise InputError(
            f"--checkpoint: new, and {ledger.path} is not (was at {ledger.next_sequence:,})",
            hint="give the checkpoint that goes with it, or a new outbox; or with --state the "
            "state as of the end of it",
        )
    cluster = options.cluster
    partitions = cluster.partitions or spark.sparkContext.defaultParallelism
    buckets = cluster.buckets or BUCKETS_A_TASK * partitions
    about = About(
        feature_set=features.name,
        fingerprint=fingerprint(features),
        outbox=ledger.created,
        buckets=buckets if common_columns(features) else 1,
        partitions=partitions,
        source=options.source.told,
        lateness=default_lateness(features.schema),
        leap=_leap(features, options),
        first=ledger.next_sequence,
        has_begun=state is not None,
    )
    if state is None:
        return about
    return replace(about, lateness=state.standing.lateness, leap=state.standing.leap)


def _leap(features: FeatureSet, options: Options) -> int | None:
    """What is asked for, in ticks."""
    return None if options.leap is None else options.leap * features.schema.ticks_per_second


def _wholes(features: FeatureSet, about: About, state: State | None) -> dict[int, bytes]:
    if state is None:
        return {}
    first = sequencer_of(features, state, first=about.first)
    return {SEQUENCER: first, **parts_of(features, state, about.buckets)}


def _refuse_another(about: About, features: FeatureSet, options: Options, ledger: Ledger) -> None:
    """Refuse a checkpoint that is of something else than what is asked for."""
    if about.fingerprint != fingerprint(features):
        raise InputError(
            f"--checkpoint: the state of another feature set (was {about.feature_set} "
            f"{about.fingerprint[:12]}…, not {features.name} {fingerprint(features)[:12]}…)",
            hint="begin with a new checkpoint and outbox, or give a run of that feature set",
        )
    if about.outbox != ledger.created:
        raise InputError(
            f"--checkpoint: goes with another outbox (was not {ledger.path})",
            hint="give the one that it was begun with, or begin with a new checkpoint",
        )
    for name in ("buckets", "partitions"):
        asked, noted = getattr(options.cluster, name), getattr(about, name)
        if asked is not None and asked != noted:
            raise InputError(
                f"--{name}: stays as at the first start (was {asked}, and {noted} then)",
                hint="leave it out, or begin with a new checkpoint",
            )


def _refuse_elsewhere(about: About, options: Options) -> None:
    """Refuse another source: where the query is in this one, it would look for in that."""
    if about.source != options.source.told:
        raise InputError(
            f"--checkpoint: of events from elsewhere (was {about.source}, and now "
            f"{options.source.told})",
            hint=f"give {about.source} as at the first start, or begin with a new checkpoint and "
            "outbox",
        )
