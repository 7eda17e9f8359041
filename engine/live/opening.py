"""The ledger and the online state that a live scorer begins with."""

from dataclasses import dataclass
from pathlib import Path

from engine.backends.online import restore
from engine.backends.online.engine import OnlineFeatures, default_lateness
from engine.backends.online.labels import NEVER
from engine.backends.online.snapshot import revive
from engine.clock import elapsed
from engine.definition import FeatureSet
from engine.errors import InputError
from engine.live.catching_up import catch_up, refuse_gap
from engine.live.ledger.about import About
from engine.live.ledger.writer import Ledger
from engine.live.notices import Log
from engine.live.snapshots import newest, put_aside, save


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where the online state comes from.

    Parameters
    ----------
    state
        A file, if there is no snapshot yet.
    warm
        A log, if there is no snapshot yet.
    leap
        In seconds, of a state that is made here; None to believe every clock.
    accept_gap
        Whether events may be missing that were removed from the ledger.
    """

    state: Path | None = None
    warm: Path | None = None
    leap: int | None = None
    accept_gap: bool = False

    @property
    def source(self) -> str:
        """The setting that says where it comes from; empty if none does."""
        if self.state is not None:
            return "--state"
        return "" if self.warm is None else "--warm"


@dataclass(frozen=True, slots=True)
class Opened:
    """An online state as of the end of the ledger.

    Parameters
    ----------
    online
        The state.
    saved
        There is a snapshot of what was decided on before this sequence.
    """

    online: OnlineFeatures
    saved: int


def open_state(features: FeatureSet, ledger: Ledger, beginning: Beginning, log: Log) -> Opened:
    """The online state as of the end of a ledger: a snapshot, and what came after it.

    Raises
    ------
    InputError
        If what it is to begin with cannot be read, or events are missing.
    OutputError
        If no snapshot can be saved.
    """
    began = elapsed()
    path, created = ledger.path, ledger.created
    put_aside(path, created, ledger.next_sequence, log)
    found = newest(features, path, created, ledger.next_sequence, log)
    if found is None:
        _refuse_no_history(ledger, beginning)
        before, online, source = 0, *_first(features, beginning)
        ledger.begin_with(beginning.source)
    else:
        (before, online), source = found, "snapshot"
    _tell_of_what_is_passed_over(online, beginning, source, log)
    refuse_gap(ledger.removed_through, before, str(path), accepted=beginning.accept_gap)
    catch_up(online, ledger.tail(before - 1), ledger.labelled(before))
    now = saved = ledger.next_sequence
    if found is None:
        save(online, path, created, now)
    else:
        saved = before
    ledger.describe(_about(features, online))
    log.info(
        "state ready",
        of=source,
        before=before,
        caught_up=now - before,
        keys=online.keys_held,
        seconds=round(elapsed() - began, 3),
    )
    return Opened(online, saved)


def open_ledger(features: FeatureSet, path: Path, leap: int | None) -> Ledger:
    """The ledger of a feature set, made if it is not there.

    Raises
    ------
    InputError, OutputError
        As ``Ledger``.
    """
    schema = features.schema
    ticks = None if leap is None else leap * schema.ticks_per_second
    return Ledger(path, About.of(features, lateness=default_lateness(schema), leap=ticks))


def _first(features: FeatureSet, beginning: Beginning) -> tuple[OnlineFeatures, str]:
    """The state before the ledger's first event, and where it is from."""
    leap = beginning.leap
    ticks = None if leap is None else leap * features.schema.ticks_per_second
    if beginning.state is not None:
        return restore(features, beginning.state), str(beginning.state)
    if beginning.warm is not None:
        from engine.live.warming import warm_state  # noqa: PLC0415 - slow to import

        try:
            warm = warm_state(features, beginning.warm, ticks)
        except InputError as error:
            raise InputError(f"--warm: {error.what}", hint=error.hint) from error
        return revive(features, warm), str(beginning.warm)
    return OnlineFeatures(features, leap=ticks), "nothing"


def _refuse_no_history(ledger: Ledger, beginning: Beginning) -> None:
    """Refuse to begin with less history than at the first start, unless somebody accepts it."""
    was = ledger.begun_with
    if was and not beginning.source and not beginning.accept_gap:
        raise InputError(
            f"{ledger.path}: the online state lacks what came before the ledger (was no snapshot "
            f"that can be read, and a beginning with {was})",
            hint=f"give {was} as at the first start, put a snapshot back beside the ledger, or "
            "accept with --accept-gap that features are computed without it",
        )


def _tell_of_what_is_passed_over(
    online: OnlineFeatures, beginning: Beginning, source: str, log: Log
) -> None:
    if source == "snapshot" and beginning.source:
        log.warning("setting passed over", what=beginning.source, why="there is a snapshot")
    leap = beginning.leap
    wanted = -NEVER if leap is None else leap * online.features.schema.ticks_per_second
    if online.leap != wanted:
        log.warning("setting passed over", what="--leap", why=f"the state of {source} has its own")


def _about(features: FeatureSet, online: OnlineFeatures) -> About:
    leap = None if online.leap == -NEVER else online.leap
    return About.of(features, lateness=online.lateness, leap=leap)
