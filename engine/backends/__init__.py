"""Backends: what executes a feature set. One module each, one row each in the registry below."""

from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol, cast

from engine.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import polars as pl

    from engine.definition import FeatureSet


class Backend(Protocol):
    """What a backend's module owes."""

    @staticmethod
    def compute(features: "FeatureSet", events: "pl.DataFrame") -> "pl.DataFrame":
        """Compute a feature set over a canonical frame.

        Parameters
        ----------
        features
            A verified feature set.
        events
            A canonical frame (``engine.events.canonical``): arrival order, no duplicates.

        Returns
        -------
        polars.DataFrame
            One row per event, in the same order; one column per feature, in declared order, of
            ``canonical.feature_dtype``. The values are the settled ones: every event is seen by
            the events after it in (event_time, sequence), however late it arrived.
        """
        ...

    @staticmethod
    def stream(
        features: "FeatureSet",
        batches: "Iterable[pl.DataFrame]",
        *,
        passed: tuple[str, ...],
        threads: int,
        memory: int,
        scratch: "Path",
    ) -> "Iterator[pl.DataFrame]":
        """Compute a feature set over a log in time order, batch by batch if the backend can.

        Parameters
        ----------
        features
            A verified feature set.
        batches
            Canonical frames, each and together in the order of events.
        passed
            Columns of the batches to put before the features, one or more.
        threads
            How many threads may compute; no value depends on it.
        memory
            About how many bytes a backend may take that needs the whole log at once and can put
            aside what is more; no value depends on it.
        scratch
            A folder for that, on a disk with room; what is put there stays.

        Yields
        ------
        polars.DataFrame
            ``passed`` and the features, the log's rows in order; no frame if there is no row.
        """
        ...


BACKENDS: Final[dict[str, str]] = {
    "reference": "engine.backends.reference",
    "polars": "engine.backends.polars",
    "duckdb": "engine.backends.duckdb",
    "online": "engine.backends.online",
    "spark": "engine.backends.spark",
}

# Those that take an extra and some seconds to start: used where they are named, and not otherwise.
ONLY_BY_NAME: Final = frozenset({"spark"})


def usual_backends() -> tuple[str, ...]:
    """The backends that are meant where none are named."""
    return tuple(name for name in BACKENDS if name not in ONLY_BY_NAME)


def load_backend(name: str) -> Backend:
    """The backend of that name; its engine is imported only now."""
    if name not in BACKENDS:
        raise DefinitionError(
            f"no such backend (was {name!r})", hint=f"there are {', '.join(BACKENDS)}"
        )
    return cast("Backend", import_module(BACKENDS[name]))
