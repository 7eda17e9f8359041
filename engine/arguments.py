"""Values of options as people write them."""

import re
from datetime import UTC, date, datetime
from typing import Final

from engine.errors import InputError
from engine.process import processors

_DURATION: Final = re.compile(r"([0-9]*\.?[0-9]+)(d|h|ms|m|s)", re.ASCII)
_DECIMAL: Final = re.compile(r"[0-9]*\.?[0-9]+", re.ASCII)
_SECONDS: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1, "ms": 0.001}
_WHOLE: Final = re.compile(r"[0-9]{1,20}(_[0-9]{1,20}){0,9}", re.ASCII)
_LONGEST: Final = 10_000 * 86_400
# How far an event may lie from those before it and its clock be believed, unless told otherwise: a
# wrong clock is mostly off by years, and a stream may well rest for some days.
LEAP: Final = 7 * 86_400
LEAP_TEXT: Final = "7d"
SET_HELP: Final = "feature set: its name, or FILE.py:NAME of your own"
_NO_LEAP: Final = "none"
_LARGEST: Final = 1e12
_MOST_THREADS: Final = 1024
_MOST_SEED: Final = 2**31 - 1  # that every library takes
_MOST_DRAWS: Final = 100_000
_MOST_CARDS: Final = 10**9
_CLOSE: Final = 1e-9


def whole(text: str, option: str, low: int, high: int) -> int:
    """A whole number from ``low`` to ``high``; ``_`` may stand between its digits."""
    if not _WHOLE.fullmatch(text) or not low <= int(text) <= high:
        raise InputError(
            f"{option}: not a whole number in bounds (was {text!r})",
            hint=f"give a whole number from {low:,} to {high:,}",
        )
    return int(text)


def wholes(text: str, option: str, low: int, high: int) -> tuple[int, ...]:
    """The different whole numbers of a list with commas, in ascending order."""
    return tuple(sorted({whole(part.strip(), option, low, high) for part in text.split(",")}))


def names(text: str) -> tuple[str, ...]:
    """The names of a list with commas, of which one may stand at its end."""
    return tuple(part.strip() for part in text.strip().removesuffix(",").split(","))


def threads(text: str | None) -> int:
    """The number of ``--threads``; as many as there are processors if none is given."""
    return processors() if text is None else whole(text, "--threads", 1, _MOST_THREADS)


def seed(text: str) -> int:
    """The number of ``--seed`` that models and draws begin with."""
    return whole(text, "--seed", 0, _MOST_SEED)


def resamples(text: str, least: int = 0) -> int:
    """The number of ``--resamples``: how often cards are drawn for an interval."""
    return whole(text, "--resamples", least, _MOST_DRAWS)


def cards_per_day(text: str) -> int:
    """The number of ``--cards-per-day`` that people can look at."""
    return whole(text, "--cards-per-day", 1, _MOST_CARDS)


def amount(text: str, option: str) -> float:
    """An amount of money or another quantity, 0 or more."""
    if not _DECIMAL.fullmatch(text) or float(text) > _LARGEST:
        raise InputError(
            f"{option}: not an amount (was {text!r})", hint="give one such as 5 or 2.50"
        )
    return float(text)


def span(text: str, option: str) -> int:
    """A span of time in whole seconds: ``7d``, ``12h``, ``30m``, ``90s``, ``0d``."""
    found = seconds(text, option)
    if abs(found - round(found)) > _CLOSE * max(found, 1):
        raise InputError(
            f"{option}: not a whole number of seconds (was {text!r})",
            hint="give one such as 7d, 12h or 90s",
        )
    return round(found)


def leap(text: str) -> int | None:
    """The seconds of ``--leap``; None of ``none``, with which every clock is believed."""
    return None if text == _NO_LEAP else span(text, "--leap")


def seconds(text: str, option: str) -> float:
    """A span of time in seconds and parts of them: ``1.5s``, ``200ms`` and as :func:`span`."""
    written = _DURATION.fullmatch(text)
    found = float(written[1]) * _SECONDS[written[2]] if written else -1.0
    if not 0 <= found <= _LONGEST:
        raise InputError(
            f"{option}: not a span of time (was {text!r})", hint="give one such as 7d, 12h or 0d"
        )
    return found


def day(text: str | None, option: str) -> date | None:
    """A date, None if none is given."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"{option}: not a date (was {text!r})", hint="give one such as 2025-09-01"
        ) from error


def instant(text: str | None, option: str) -> int | None:
    """An instant in seconds since 1970, UTC unless it says otherwise; None if none is given."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"{option}: not an instant (was {text!r})",
            hint="give one such as 2025-08-01 or 2025-08-01T12:00, in UTC",
        ) from error
    return int((at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp())


def shares(text: str, option: str, count: int) -> tuple[float, ...]:
    """Per cents that add up to 100, all above 0, as shares of 1."""
    parts = text.split(",")
    if all(_DECIMAL.fullmatch(part) for part in parts) and len(parts) == count:
        found = tuple(float(part) / 100 for part in parts)
        if all(found) and abs(sum(found) - 1) < _CLOSE:
            return found
    raise InputError(
        f"{option}: not {count} shares (was {text!r})",
        hint="give per cents above 0 that add up to 100, such as 60,20,20",
    )
