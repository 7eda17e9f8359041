"""Who counts and measures what happens, as a page of metrics: called in the loop, per batch."""

from collections.abc import Sequence
from typing import Protocol

from engine.live.decided import Decided
from engine.live.flag import Reply


class Observer(Protocol):
    """Sees what is decided and what is replied; what it does must take no time to speak of."""

    def decided(self, found: Decided) -> None:
        """A micro-batch was decided on and recorded."""
        ...

    def replied(self, replies: Sequence[Reply]) -> None:
        """Replies were recorded; ``left`` says how long before the deadline each came."""
        ...
