"""How long to wait before something is tried again."""

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from random import SystemRandom
from typing import Final

_US: Final = 1_000_000
_SECONDS: Final = re.compile(rb"[0-9]{1,9}")
_MOST_DOUBLINGS: Final = 32
_random: Final = SystemRandom()


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with full jitter: anything from nothing to twice as much as last time.

    Full jitter, as it has clients that were cut off together come back one by one.

    Parameters
    ----------
    first
        The longest first wait, in seconds.
    most
        The longest wait of all.
    """

    first: float
    most: float

    def ceiling(self, failures: int) -> float:
        """The longest wait after so many failures in a row, 1 or more."""
        return min(self.most, self.first * 2.0 ** min(failures - 1, _MOST_DOUBLINGS))

    def wait(self, failures: int, told: float = 0.0) -> float:
        """Seconds to wait after so many failures in a row.

        Parameters
        ----------
        failures
            1 or more.
        told
            What the other side wants at least; no more than ``most`` of it is heeded.
        """
        return max(_random.uniform(0.0, self.ceiling(failures)), min(told, self.most))


def retry_after(value: bytes | None, now_us: int) -> float:
    """The seconds that a header ``Retry-After`` asks for; 0 if there is none that can be read.

    Parameters
    ----------
    value
        Seconds, or a date as HTTP writes it.
    now_us
        Now, as microseconds since 1970 in UTC.
    """
    if value is None:
        return 0.0
    if _SECONDS.fullmatch(value):
        return float(value)
    try:
        date = parsedate_to_datetime(value.decode("ascii"))
        return max(0.0, date.timestamp() - now_us / _US)
    except (ValueError, OverflowError):
        return 0.0
