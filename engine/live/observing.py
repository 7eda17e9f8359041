"""Who counts and measures what happens: called in the loop, per batch and never per event."""

from collections.abc import Sequence
from typing import Protocol

from engine.live.decided import Decided
from engine.live.flag import Reply


class Observer(Protocol):
    """Sees what happens; what it does must take no time to speak of."""

    def decided(self, found: Decided) -> None:
        """A micro-batch was decided on and recorded."""
        ...

    def replied(self, replies: Sequence[Reply]) -> None:
        """Replies were recorded; ``left`` says how long before the deadline each came."""
        ...

    def reconnected(self) -> None:
        """The stream was opened again."""
        ...

    def ledger_failed(self) -> None:
        """The ledger did not take a batch, which is held."""
        ...

    def model_taken_up(self) -> None:
        """Another model decides from now on."""
        ...
