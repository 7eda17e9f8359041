"""Which events a model learns from, which its threshold is chosen on, which it is judged by.

In time, as it would be used: the past, then later days, then the last ones, and between two parts a
gap as long as labels take to be known. The end of the log, younger than that delay, is left out,
for there a label that is not known yet and a legitimate event look the same. What the log itself
says is not labelled is in no part; nor is what it says was labelled only once the next part had
begun.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.model.features_file import FeatureTable
from engine.model.labels import require_both_classes

SplitKind = Literal["time", "random", "time+cards"]
SPLITS: Final[tuple[SplitKind, ...]] = ("time", "random", "time+cards")

DAY: Final = 86_400
_WHOLE_DAYS: Final = 10  # a log of more days than that is cut at midnight
TEST_SHARE: Final = 0.2  # of a random split
_NO_ROOM: Final = "no room for training, validation and test, with gaps for the label delay between"
_LONGER: Final = "take a longer log, other dates or shares, or a shorter --label-delay"
_DATES: Final = ("start", "validation_from", "test_from", "until")


@dataclass(frozen=True, slots=True)
class SplitOptions:
    """How to split.

    Parameters
    ----------
    kind
        ``time``; ``random``, stratified, 80 % to learn from and 20 % to be judged by; or
        ``time+cards``, in time and each part on cards of its own.
    shares
        Of the time (and the cards) that is to be split: training, validation, test; they add up
        to 1.
    label_delay
        Seconds until a label is known.
    start, validation_from, test_from, until
        UTC dates instead of shares; ``until`` is the first day that is not used any more. Before
        the log begins and after it ends there is nothing to split.
    seed
        Of what is drawn at random.
    """

    kind: SplitKind = "time"
    shares: tuple[float, float, float] = (0.6, 0.2, 0.2)
    label_delay: int = 7 * DAY
    start: date | None = None
    validation_from: date | None = None
    test_from: date | None = None
    until: date | None = None
    seed: int = 42

    @property
    def has_dates(self) -> bool:
        """Whether any date is given."""
        dates = (self.start, self.validation_from, self.test_from, self.until)
        return any(given is not None for given in dates)

    def to_json(self) -> dict[str, Any]:
        """What the ``options`` of a manifest hold of it; the seed stands beside them."""
        dates = {name: getattr(self, name) for name in _DATES}
        return {
            "split": self.kind,
            "label_delay_days": self.label_delay / DAY,
            "shares": list(self.shares),
            **{name: None if day is None else day.isoformat() for name, day in dates.items()},
        }


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the events.

    Parameters
    ----------
    name
        ``train``, ``validation`` or ``test``.
    rows
        int64, their places in the table: ascending, or in the order they were drawn in.
    start, end
        The time it covers: seconds since 1970 UTC, from ``start`` to before ``end``.
    coverage
        Which share of all events of that time it holds.
    sampled
        Which share of the labelled ones: the others are of other parts, by chance or by card.
    late
        How many more it would hold, had their labels been known when the next part begins.
    """

    name: str
    rows: NDArray[np.int64]
    start: int
    end: int
    coverage: float = 1.0
    sampled: float = 1.0
    late: int = 0

    @property
    def days(self) -> float:
        """How long the time it covers is, in days."""
        return (self.end - self.start) / DAY


@dataclass(frozen=True, slots=True)
class Split:
    """The parts.

    Parameters
    ----------
    train, validation, test
        Each.
    refit_order
        int64: in which order the events of training and then of validation are to be learnt anew
        once the threshold is chosen; None where validation has to stay unlearnt.
    """

    train: Part
    validation: Part
    test: Part
    refit_order: NDArray[np.int64] | None = None

    @property
    def parts(self) -> tuple[Part, Part, Part]:
        """All of them, in order."""
        return (self.train, self.validation, self.test)


def split_options_from_json(content: dict[str, Any], seed: int, where: str) -> SplitOptions:
    """Read what ``to_json`` gave; ``where`` is what messages call the file."""
    try:
        learnt, chosen, judged = map(float, content["shares"])
        dates = {
            name: None if content[name] is None else date.fromisoformat(content[name])
            for name in _DATES
        }
        return SplitOptions(
            kind=SPLITS[SPLITS.index(content["split"])],
            shares=(learnt, chosen, judged),
            label_delay=round(float(content["label_delay_days"]) * DAY),
            seed=seed,
            **dates,
        )
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(
            f"{where}: how events were split cannot be read (was {error!r})", hint="train anew"
        ) from error


def split(table: FeatureTable, options: SplitOptions) -> Split:
    """Split events into parts, each with fraud and legitimate events, all of them labelled.

    Parameters
    ----------
    table
        Events, whose labels were required.
    options
        How. At random, the validation part is a fifth of what is not test.

    Raises
    ------
    InputError
        If the log is too short, dates are not in order, or a part has no fraud or nothing else.
    """
    made = (_random if options.kind == "random" else _in_time)(table, options)
    labels = table.known_labels
    for part in made.parts:
        where = f"the {part.name} part, {utc_text(part.start)} to {utc_text(part.end)}"
        require_both_classes(labels[part.rows], where)
    return made


def utc_text(seconds: int) -> str:
    """An instant as people read it: the date, and the time if it is not midnight."""
    at = datetime.fromtimestamp(seconds, UTC)
    return f"{at:%Y-%m-%d}" if seconds % DAY == 0 else f"{at:%Y-%m-%d %H:%M:%S}"


def utc_date_of(seconds: int) -> date:
    """The UTC day that an instant is of."""
    return datetime.fromtimestamp(seconds, UTC).date()


def _random(table: FeatureTable, options: SplitOptions) -> Split:
    from sklearn.model_selection import train_test_split  # noqa: PLC0415 - a second to import

    if options.has_dates:
        raise InputError(
            "--split random: takes no dates (was some)", hint="leave them out, or split by time"
        )
    labels, labelled = table.known_labels, np.flatnonzero(table.is_labelled)
    require_both_classes(labels[labelled], str(table.path))
    start, end = int(table.times.min()), int(table.times.max()) + 1

    def drawn(rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        try:
            kept, taken = train_test_split(
                rows, test_size=TEST_SHARE, random_state=options.seed, stratify=labels[rows]
            )
        except ValueError as error:
            raise InputError(
                f"{table.path}: too few events of a class to split (was "
                f"{int(labels[rows].sum()):,} fraud of {len(rows):,})",
                hint="take a longer log",
            ) from error
        return kept, taken

    def part(name: str, rows: NDArray[np.int64]) -> Part:
        return Part(name, rows, start, end, len(rows) / len(table), len(rows) / len(labelled))

    # In the order of the draw, which is what a forest draws from in its turn: the notebook's is of
    # the 80 % as they were drawn, whatever is held out of them meanwhile.
    every, test = drawn(labelled)
    learnt, held_out = drawn(every)
    places = np.empty(len(table), dtype=np.int64)
    places[np.concatenate([learnt, held_out])] = np.arange(len(every))
    return Split(
        part("train", learnt),
        part("validation", held_out),
        part("test", np.sort(test)),
        places[every],
    )


def _in_time(table: FeatureTable, options: SplitOptions) -> Split:
    start, validation_from, test_from, until = _bounds(table, options)
    delay = options.label_delay
    cards, labelled = _card_groups(table, options), table.is_labelled
    kind = "events with a label" if table.unlabelled else "events"

    def part(name: str, first: int, end: int, group: int, following: int | None = None) -> Part:
        inside = (table.times >= first) & (table.times < end)
        usable = inside & labelled
        in_group = True if cards is None else cards[table.card_codes] == group
        of_group = int((usable & in_group).sum())
        if following is not None and table.label_times is not None:
            usable &= table.label_times <= following
        rows = np.flatnonzero(usable & in_group)
        late = of_group - len(rows)
        if not len(rows):
            missing = (
                f"events whose labels are known on {utc_text(following)}"
                if late and following
                else kind
            )
            raise InputError(
                f"the {name} part holds no {missing} (was {utc_text(first)} to {utc_text(end)})",
                hint=f"the log goes from {utc_text(int(table.times.min()))} to "
                f"{utc_text(int(table.times.max()))}; choose other dates or shares",
            )
        coverage = len(rows) / int(inside.sum())
        return Part(name, rows, first, end, coverage, len(rows) / int(usable.sum()), late)

    return Split(
        part("train", start, validation_from - delay, 0, validation_from),
        part("validation", validation_from, test_from - delay, 1, test_from),
        part("test", test_from, until, 2),
    )


def _bounds(table: FeatureTable, options: SplitOptions) -> tuple[int, int, int, int]:
    """Where the parts begin, the first three, and where the last one ends."""
    delay = options.label_delay
    first, last = int(table.times.min()), int(table.times.max()) + 1
    grain = DAY if last - first > _WHOLE_DAYS * DAY else 1
    # Days without a log are days without alerts, and no part of what is shared out.
    start = first if options.start is None else max(first, midnight(options.start))
    log_end = -(-last // grain) * grain
    until = (
        (last - delay) // grain * grain
        if options.until is None
        else min(log_end, midnight(options.until))
    )
    room = until - start - 2 * delay  # the gaps belong to no part
    if room <= 0:  # then no dates follow
        raise InputError(
            f"{_NO_ROOM} (was {max(0, until - start) / DAY:.3g} days of labelled log to split, "
            f"delay {delay / DAY:g} days, log from {utc_text(first)} to {utc_text(last - 1)})",
            hint=_LONGER,
        )
    train, held, _ = options.shares
    # Where one date is given, the rest is split by what the shares say of it.
    test_from = (
        int(start + 2 * delay + (train + held) * room) // grain * grain
        if options.test_from is None
        else midnight(options.test_from)
    )
    before = test_from - start - 2 * delay
    validation_from = (
        int(start + delay + train / (train + held) * before) // grain * grain
        if options.validation_from is None
        else midnight(options.validation_from)
    )
    if not start < validation_from - delay < test_from - 2 * delay < until - 2 * delay:
        raise InputError(
            f"{_NO_ROOM} (was validation from {utc_text(validation_from)}, "
            f"test from {utc_text(test_from)} to {utc_text(until)}, delay {delay / DAY:g} days, "
            f"log from {utc_text(first)} to {utc_text(last - 1)})",
            hint=_LONGER,
        )
    return start, validation_from, test_from, until


def _card_groups(table: FeatureTable, options: SplitOptions) -> NDArray[np.int8] | None:
    """For each card code the part it belongs to; None if cards are in all of them."""
    if options.kind != "time+cards":
        return None
    cards = int(table.card_codes.max()) + 1
    places = np.random.default_rng(options.seed).permutation(cards)
    ends = np.round(np.cumsum(options.shares[:2]) * cards)
    return np.searchsorted(ends, places, side="right").astype(np.int8)


def midnight(day: date) -> int:
    """The instant at which a UTC day begins, in seconds since 1970."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
