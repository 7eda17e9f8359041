"""Whether flags come to anything at all."""

from collections.abc import Sequence
from typing import Final

from engine.live.flag import FINAL, Outcome, Reply
from engine.live.troubles import Troubles

_WHAT: Final = "flags"
_MANY: Final = 8  # in a row: fewer are the business of those flags


class Refusals:
    """A trouble while flag after flag is refused or expires, over with the first that is recorded.

    Parameters
    ----------
    troubles
        Are told.
    """

    def __init__(self, troubles: Troubles) -> None:
        self._troubles = troubles
        self._in_a_row = 0

    def after(self, replies: Sequence[Reply]) -> None:
        """Look at what came of some posts, in their order."""
        for reply in replies:
            if reply.outcome is Outcome.RECORDED:
                self._in_a_row = 0
                self._troubles.end(_WHAT)
            elif reply.outcome in FINAL:
                self._in_a_row += 1
                if self._in_a_row >= _MANY:
                    self._troubles.begin(_WHAT, _words(reply))


def _words(reply: Reply) -> str:
    answered = "no answer" if reply.status is None else f"answer {reply.status}"
    return f"one after the other is not recorded (was {reply.outcome.value}, {answered})"
