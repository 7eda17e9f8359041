"""Warm start: the online state as of the end of a log of the past."""

from pathlib import Path
from tempfile import gettempdir

from engine.backends.online.state import State
from engine.backends.warm import WarmStart
from engine.definition import FeatureSet
from engine.definition.needs import columns_of
from engine.events.disk import scratch_folder
from engine.events.inputs import find_inputs
from engine.events.log import Log
from engine.events.quarantine import Quarantine
from engine.events.staging import InPlaceLog, NotInOrderError, StagedLog


def warm_state(features: FeatureSet, history: Path, leap: int | None) -> State:
    """The state that a log leaves, computed in batch.

    Parameters
    ----------
    features
        The feature set.
    history
        The log, as ``engine.build`` takes one.
    leap
        As for ``OnlineFeatures``.

    Raises
    ------
    InputError
        If it cannot be read.
    OutputError
        If there is no room for a log that has to be put in order.
    """
    log = Log(find_inputs([str(history)]), features.schema, columns_of(features))
    with scratch_folder(Path(gettempdir())) as scratch:
        try:
            return _of_log(features, log, scratch, leap, staged=False)
        except NotInOrderError:
            return _of_log(features, log, scratch, leap, staged=True)


def _of_log(
    features: FeatureSet, log: Log, scratch: Path, leap: int | None, *, staged: bool
) -> State:
    warm = WarmStart(features, leap=leap)
    with Quarantine(scratch / "quarantine.parquet") as quarantine:
        way = StagedLog if staged else InPlaceLog
        for batch in way(log, quarantine, scratch).batches():
            warm.append(batch)
    return warm.state()
