"""What the suite of engines is asked to measure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.options import (
    Common,
    Size,
    add_common,
    add_sizes,
    command_of,
    read_common,
    read_sizes,
)
from benchmarks.simulated import Simulated
from engine.arguments import whole, wholes
from engine.command import Parser

SET: Final = "notebook"
EVENTS_PER_CARD_AND_DAY: Final = 2.6

_DAYS: Final = 366
# The longest window is a day, and events may come an hour late: then windows are full.
_WARM_DAYS: Final = 1.25
# More history than that changes nothing but how many of the cards have been seen at all.
_ENOUGH_WARM_ROWS: Final = 3_400_000
_HOURS: Final = 24
_MOST_ROWS: Final = 1_000_000_000
_MOST_CARDS: Final = 10_000_000
_MOST_EVENTS: Final = 100_000_000

_DESCRIPTION = """\
Time every engine but the reference over one simulated file of the feature set notebook, side by
side; then the online engine, event by event on one core: events per second, latency and bytes per
card in the steady state of so many cards, and one card that has all the events.

Before anything is timed every value of the file is compared between the engines, and what is
served online with what a batch computes; timed outputs are compared with the reference."""

_EPILOG = """\
The simulated files are removed at the end unless --keep; those found in --dir are used and stay.
The default sizes need 1.5 GB there and 6 GB of memory.

what is done online
  A log of 2.6 events per card and day is read to where windows are full and its state is made in
  batch. Each run takes that state from its file and serves the events that follow, first for the
  throughput, then as many again for the latency. Bytes per card is the growth of the resident
  memory of a process that takes the state.

examples:
  python -m benchmarks engines
  python -m benchmarks engines --quick
  python -m benchmarks engines --cards 50_000 --events 1_000_000"""

_SIZES: Final = (
    Size("--rows", "N", "rows of the file that all engines build", "1_000_000", "100_000"),
    Size("--file-cards", "M", "its cards, in a year", "3_300", "330"),
    Size(
        "--cards",
        "M,M,…",
        "for how many cards the online engine is measured",
        "1_000,100_000,1_000_000",
        "1_000,10_000",
    ),
    Size("--events", "N", "events of each pass, 100 or more", "300_000", "20_000"),
    Size(
        "--hot-hour",
        "N,N,…",
        "events of one card within an hour, 100 or more",
        "10_000,100_000",
        "10_000",
    ),
    Size(
        "--hot-day",
        "N,N,…",
        "events of one card within a day, 100 or more",
        "1_000_000",
        "20_000",
    ),
)


@dataclass(frozen=True, slots=True)
class Online:
    """Events of so many cards.

    Parameters
    ----------
    simulated
        The file.
    warm_rows
        How many of its events the state has seen.
    events
        How many events each of the two passes takes then.
    """

    simulated: Simulated
    warm_rows: int
    events: int

    @classmethod
    def of(cls, cards: int, events: int, seed: int) -> "Online":
        """Whole days at the usual rate, and of these the end is served."""
        per_day = cards * EVENTS_PER_CARD_AND_DAY
        least_warm = -int(-_WARM_DAYS * per_day // 1)
        days = -int(-(least_warm + 2 * events) // per_day)
        rows = max(round(days * per_day), least_warm + 2 * events)
        warm = min(rows - 2 * events, max(least_warm, _ENOUGH_WARM_ROWS))
        return cls(Simulated(rows=rows, cards=cards, days=days, seed=seed), warm, events)


@dataclass(frozen=True, slots=True)
class Hot:
    """All events of one card.

    Parameters
    ----------
    name
        What it is called in the results.
    simulated
        The file, of one day.
    faster
        How many times as fast the events come as the file says.
    """

    name: str
    simulated: Simulated
    faster: int


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the suite; its help says what each does."""

    command: str
    usual: Simulated
    online: tuple[Online, ...]
    hot: tuple[Hot, ...]
    common: Common


def read_options(argv: Sequence[str]) -> Options:
    """The options that a command line gives.

    Raises
    ------
    InputError
        If it cannot be read, or a number is out of its range.
    """
    parser = _parser()
    parsed = parser.parse_args(argv)
    sizes = read_sizes(parsed, _SIZES)
    common = read_common(parsed)
    seed = common.seed
    rows = whole(sizes["rows"], "--rows", 1, _MOST_ROWS)
    file_cards = whole(sizes["file_cards"], "--file-cards", 1, _MOST_CARDS)
    cards = wholes(sizes["cards"], "--cards", 1, _MOST_CARDS)
    events = whole(sizes["events"], "--events", 100, _MOST_EVENTS)
    hour = wholes(sizes["hot_hour"], "--hot-hour", 100, _MOST_EVENTS)
    day = wholes(sizes["hot_day"], "--hot-day", 100, _MOST_EVENTS)

    def hot(count: int, span: str, faster: int) -> Hot:
        simulated = Simulated(rows=count, cards=1, days=1, seed=seed)
        return Hot(f"{count:,} events in {span}", simulated, faster)

    told = {
        "--rows": str(rows),
        "--file-cards": str(file_cards),
        "--cards": _listed(cards),
        "--events": str(events),
        "--hot-hour": _listed(hour),
        "--hot-day": _listed(day),
        "--seed": str(seed),
        "--threads": str(common.threads),
        "--repeats": str(common.repeats),
    }
    return Options(
        command=command_of("engines", told),
        usual=Simulated(rows=rows, cards=file_cards, days=_DAYS, seed=seed),
        online=tuple(Online.of(count, events, seed) for count in cards),
        hot=(
            *(hot(count, "an hour", _HOURS) for count in hour),
            *(hot(count, "a day", 1) for count in day),
        ),
        common=common,
    )


def _parser() -> Parser:
    parser = Parser("python -m benchmarks engines", _DESCRIPTION, _EPILOG)
    add_sizes(parser, _SIZES)
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    add_common(parser, "engines")
    return parser


def _listed(numbers: Sequence[int]) -> str:
    return ",".join(map(str, numbers))
