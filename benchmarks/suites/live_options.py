"""What the suite of the live scorer is asked to measure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from benchmarks.live.drive import LONGEST_DEADLINE, MAX
from benchmarks.live.inputs import Wanted
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
from benchmarks.suites.engines_options import EVENTS_PER_CARD_AND_DAY
from engine.arguments import whole, wholes
from engine.command import Parser

_MOST: Final = 100_000_000
_MOST_CARDS: Final = 10_000_000
_MOST_RATE: Final = 1_000_000
_MOST_SECONDS: Final = 3_600
_TRAINING_DAYS: Final = 60
_TRAINING_SEED: Final = 1  # on from that of the stream: another population
# What a replay decides on in a few seconds.
_MOST_SAMPLE: Final = 20_000

_DESCRIPTION = """\
Time the live scorer against the judge on loopback: one process that takes a simulated stream,
records every decision and posts every flag, as fast as it can and at given rates, with the state of
so many cards. Beside it, in the same run, the original design (benchmarks/original).

Each time the judge must have every event flagged once, in time and with the value on the ledger;
the ledger must hold every event once; and the first decisions must be a replay's, to the bit."""

_EPILOG = """\
Simulated files and trained runs are removed at the end unless --keep.

what is done
  A run is trained on a log of its own. Another log is cut in two: its past makes the online state,
  and the table of the original design; what follows is the stream. Each rate is a new scorer and a
  new ledger. After the stream as fast as it goes, the scorer is killed and started again.

examples:
  python -m benchmarks live
  python -m benchmarks live --quick
  python -m benchmarks live --events 100_000 --rates 1_000 --keep"""

_SIZES: Final = (
    Size("--cards", "M", "cards of the stream and of its past", "100_000", "1_000"),
    Size(
        "--warm",
        "N",
        "events of the past, which the online state has seen",
        "1_000_000",
        "10_000",
    ),
    Size(
        "--events",
        "N",
        "events that are sent as fast as they are taken, the ledger to recover",
        "1_000_000",
        "10_000",
    ),
    Size("--rates", "R,R,…", "events a second, besides that", "100,1_000,10_000", "100,1_000"),
    Size(
        "--seconds",
        "T",
        "how long each of these rates is kept up, while there are events",
        "20",
        "2",
    ),
    Size("--original-events", "N", "events that the original design gets", "2_000", "200"),
    Size("--training", "N", "events that the runs are trained on", "200_000", "10_000"),
)


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the suite; its help says what each does."""

    command: str
    wanted: Wanted
    rates: tuple[int, ...]
    seconds: int
    original_events: int
    sample: int
    listen: str
    deadline: int
    common: Common

    @property
    def drives(self) -> dict[str, int]:
        """How many events are sent, by rate."""
        events = self.wanted.events
        timed = {str(rate): min(rate * self.seconds, events) for rate in self.rates}
        return timed | {MAX: events}


def read_options(argv: Sequence[str]) -> Options:
    """The options that a command line gives.

    Raises
    ------
    InputError
        If it cannot be read, or a number is out of its range.
    """
    parsed = _parser().parse_args(argv)
    sizes = read_sizes(parsed, _SIZES)
    common = read_common(parsed)
    if parsed.quick:
        common = replace(common, repeats=1)
    cards = whole(sizes["cards"], "--cards", 1, _MOST_CARDS)
    warm = whole(sizes["warm"], "--warm", 1, _MOST)
    events = whole(sizes["events"], "--events", 1, _MOST)
    rates = wholes(sizes["rates"], "--rates", 1, _MOST_RATE)
    seconds = whole(sizes["seconds"], "--seconds", 1, _MOST_SECONDS)
    original = min(whole(sizes["original_events"], "--original-events", 1, _MOST), events)
    training = whole(sizes["training"], "--training", 1_000, _MOST)
    deadline = whole(parsed.deadline, "--deadline", 1, LONGEST_DEADLINE)
    told = {
        "--cards": cards,
        "--warm": warm,
        "--events": events,
        "--rates": ",".join(map(str, rates)),
        "--seconds": seconds,
        "--original-events": original,
        "--training": training,
        "--listen": parsed.listen,
        "--deadline": deadline,
        "--seed": common.seed,
        "--threads": common.threads,
        "--repeats": common.repeats,
    }
    return Options(
        command=command_of("live", told),
        wanted=_wanted(cards, warm, events, training, common.seed),
        rates=rates,
        seconds=seconds,
        original_events=original,
        sample=min(events, _MOST_SAMPLE),
        listen=parsed.listen,
        deadline=deadline,
        common=common,
    )


def _wanted(cards: int, warm: int, events: int, training: int, seed: int) -> Wanted:
    # Some more, as the past ends with a second.
    rows = warm + events + warm // 100 + 1_000
    training_cards = max(1, round(training / _TRAINING_DAYS / EVENTS_PER_CARD_AND_DAY))
    return Wanted(
        training=Simulated(
            rows=training,
            cards=training_cards,
            days=_TRAINING_DAYS,
            seed=(seed + _TRAINING_SEED) % 2**64,
        ),
        log=Simulated(
            rows=rows,
            cards=cards,
            days=max(1, round(rows / cards / EVENTS_PER_CARD_AND_DAY)),
            seed=seed,
        ),
        warm=warm,
        events=events,
    )


def _parser() -> Parser:
    parser = Parser("python -m benchmarks live", _DESCRIPTION, _EPILOG)
    add = parser.add_argument
    add_sizes(parser, _SIZES)
    add("--listen", default="off", metavar="HOST:PORT", help="API of the scorer (%(default)s)")
    add("--deadline", default="30", metavar="SECONDS", help="to flag an event in (%(default)s)")
    add("--quick", action="store_true", help="small sizes, one run of each, to see that it works")
    add_common(parser, "live")
    return parser
