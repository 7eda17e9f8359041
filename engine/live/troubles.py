"""What somebody should look at: told once when it begins and once when it is over."""

from engine.errors import SentinelError
from engine.live.notices import Log


class Troubles:
    """The troubles there are, by what they are with.

    Parameters
    ----------
    log
        Is told of each.
    """

    def __init__(self, log: Log) -> None:
        self._log = log
        self._words: dict[str, str] = {}

    @property
    def words(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(f"{what}: {why}" for what, why in self._words.items())

    def __contains__(self, what: str) -> bool:
        return what in self._words

    def begin(self, what: str, error: SentinelError | str) -> None:
        """There is one; the same again is not told again."""
        why, hint = (error, "") if isinstance(error, str) else (error.what, error.hint)
        if self._words.get(what) == why:
            return
        if hint:
            self._log.warning(f"{what}: trouble", why=why, hint=hint)
        else:
            self._log.warning(f"{what}: trouble", why=why)
        self._words[what] = why

    def end(self, what: str) -> None:
        """It is over, if there was one."""
        if self._words.pop(what, None) is not None:
            self._log.info(f"{what}: well again")
