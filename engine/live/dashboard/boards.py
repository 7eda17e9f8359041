"""What the dashboard asks of whoever keeps up with the ledger, and what it reads of the answers.

All that a board tells goes to the page as it is, as JSON under the names of its fields.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

MOST_AT_ONCE: Final = 500
REPORT_PATH: Final = "/report/current"


@dataclass(frozen=True, slots=True)
class Sought:
    """Which alerts are looked for; what is None bounds nothing.

    Parameters
    ----------
    text
        What the last four digits of the card or the merchant hold, in capitals or not.
    state, category
        Exactly.
    least_score
        The lowest.
    since_us, until_us
        Of arrival, both included, in microseconds since 1970 UTC.
    before, after
        Older than a sequence, newer than one.
    most
        How many at most, the newest.
    """

    text: str | None = None
    state: str | None = None
    category: str | None = None
    least_score: float | None = None
    since_us: int | None = None
    until_us: int | None = None
    before: int | None = None
    after: int | None = None
    most: int = MOST_AT_ONCE


class Listed(Protocol):
    """An alert, as far as it is read here."""

    @property
    def sequence(self) -> int:
        """Of the ledger."""
        ...


class Board(Protocol):
    """Keeps up with the ledger. All of it is asked in one thread."""

    def catch_up(self) -> bool:
        """Read some of what is new; whether there is more."""
        ...

    def picture(self, now_us: int) -> Any:  # noqa: ANN401 - it is only encoded
        """All that the first screen shows, as of an instant."""
        ...

    def alerts(self, query: Any) -> Sequence[Listed]:  # noqa: ANN401 - has the fields of Sought
        """Alerts that are looked for, the newest first."""
        ...

    def opened(self, sequence: int) -> Any | None:  # noqa: ANN401 - it is only encoded
        """One alert with all that there is to know; None if there is no such alert."""
        ...

    def close(self) -> None:
        """Let go of the ledger."""
        ...
