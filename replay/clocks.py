"""Whose clocks a playback believes, and how late events may come."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from engine.backends.online.engine import default_lateness
from engine.definition import Schema


@dataclass(frozen=True, slots=True)
class Clocks:
    """What the online state is told about clocks; values depend on it.

    Parameters
    ----------
    lateness, leap
        As for ``OnlineFeatures``, in ticks.
    """

    lateness: int
    leap: int | None

    @classmethod
    def of_log(cls, schema: Schema, leap: int | None) -> Self:
        """For a log, of which nobody has said how late its events may come.

        Parameters
        ----------
        schema
            Of its events.
        leap
            In seconds; None to believe every clock.
        """
        return cls(
            default_lateness(schema), None if leap is None else leap * schema.ticks_per_second
        )

    @classmethod
    def of_ledger(cls, schema: Schema, about: Mapping[str, Any]) -> Self:
        """As a ledger says of itself; one that says nothing was recorded with every clock believed.

        Parameters
        ----------
        schema
            Of its events.
        about
            What ``ledger.json`` holds.
        """
        return cls(about.get("lateness", default_lateness(schema)), about.get("leap"))

    def to_json(self) -> dict[str, Any]:
        """As a ledger says it of itself."""
        return asdict(self)
