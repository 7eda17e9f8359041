"""Whether the endpoint for flags takes our key at all."""

from typing import Final

from engine.live.errors import KEY_REJECTED, KeyRejectedError

_MOST_IN_A_ROW: Final = 8


class Rejections:
    """Counts replies that refuse the key: one may be a mishap, several in a row are none."""

    def __init__(self) -> None:
        self._in_a_row = 0

    def after(self, status: int) -> KeyRejectedError | None:
        """What follows from a reply: None, or that there is no point in going on."""
        if status not in KEY_REJECTED:
            self._in_a_row = 0
            return None
        self._in_a_row += 1
        if self._in_a_row < _MOST_IN_A_ROW:
            return None
        return KeyRejectedError(
            f"--flag: the key is not taken (was answered {status}, {self._in_a_row} times in a row)"
        )
