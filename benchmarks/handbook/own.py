"""Our own features of the handbook's log, which know nothing of how it was simulated.

Three things are asked of a transaction. Is its amount large for this customer, whose amounts of two
and three months, of ever, and of what is known to have been honest are known? Has the customer
lately spent otherwise than before? And is the terminal compromised: how many of its transactions
have turned out to be fraud, since when, and do these frauds differ from what is honest there?

Labels are seen a week later at the earliest, as in the book. Null is left where there is nothing to
tell; boosted trees take it for what it is.
"""

from collections.abc import Iterator
from typing import Final

from benchmarks.handbook.book import LABELS_AFTER, amount, customer, fraud, terminal, time
from benchmarks.handbook.columns import HANDBOOK
from engine.definition import Feature, feature, feature_set, seconds_between
from engine.definition.dsl import History

SMALL: Final = 100.0  # an amount that nobody would call fraud for its size

_RECENT_DAYS: Final = (1, 3, 5, 7, 14)
_KNOWN_DAYS: Final = (1, 3, 5, 7, 14, 28, 60, 90)
_RUN_DAYS: Final = (7, 14, 28, 60, 90)

honest = customer.ever(delay_days=LABELS_AFTER).where(fraud.eq(0))
known = terminal.ever(delay_days=LABELS_AFTER)
month = terminal.last(days=28, delay_days=LABELS_AFTER)
week = terminal.last(days=7, delay_days=LABELS_AFTER)
is_fraud, is_small = fraud.eq(1), amount < SMALL

_HISTORIES: Final[dict[str, tuple[History, str]]] = {
    "60d": (customer.last(days=60), "in the last 60 d"),
    "90d": (customer.last(days=90), "in the last 90 d"),
    "ever": (customer.ever(), "ever"),
    "honest": (honest, "ever, as far as known to be honest"),
}


def _of_amount() -> Iterator[Feature]:
    yield feature("amount", amount, "the amount")
    for name, (history, when) in _HISTORIES.items():
        mean, most = history.mean(amount), history.max(amount)
        of = f"the customer's amounts {when}"
        yield feature(f"amount_of_mean_{name}", amount / mean, f"amount over the mean of {of}")
        yield feature(
            f"amount_z_{name}",
            (amount - mean) / history.std(amount),
            f"amount above the mean of {of}, in standard deviations",
        )
        yield feature(f"amount_of_max_{name}", amount / most, f"amount over the largest of {of}")


def _of_customer() -> Iterator[Feature]:
    mean, most, std = honest.mean(amount), honest.max(amount), honest.std(amount)
    of = "the customer's amounts known to be honest"
    yield feature("honest_count", honest.count(), f"how many {of} there are")
    yield feature("honest_mean", mean, f"mean of {of}")
    yield feature("honest_max", most, f"largest of {of}")
    yield feature("honest_std", std, f"standard deviation of {of}")
    for days in _RECENT_DAYS:
        recent = customer.last(days=days)
        yield feature(
            f"recent_max_{days}d",
            recent.max(amount) / most,
            f"largest of the customer's last {days} d over that of those known to be honest",
        )


def _of_terminal() -> Iterator[Feature]:
    for days in _KNOWN_DAYS:
        labelled = terminal.last(days=days, delay_days=LABELS_AFTER)
        within = f"at the terminal in the {days} d of known labels"
        yield feature(f"fraud_rate_{days}d", labelled.mean(fraud), f"share of frauds {within}")
        if days in _RUN_DAYS:
            yield feature(
                f"run_{days}d",
                seconds_between(time, labelled.where(is_fraud).first(time)),
                f"seconds since the first fraud {within}",
            )
    for history, days in ((week, 7), (month, 28)):
        yield feature(
            f"small_fraud_rate_{days}d",
            history.where(is_fraud & is_small).count() / history.count(),
            f"share of frauds of small amounts at the terminal in the {days} d of known labels",
        )


def _of_last_frauds() -> Iterator[Feature]:
    frauds = month.where(is_fraud)
    yield feature("fraud_mean", frauds.mean(amount), "mean of the terminal's known frauds of 28 d")
    yield feature("fraud_min", frauds.min(amount), "smallest of the terminal's frauds of 28 d")
    yield feature("fraud_last", frauds.last(amount), "amount of the terminal's last known fraud")
    yield feature(
        "known_last", known.last(fraud), "whether the terminal's last known one was fraud"
    )
    since_fraud = known.where(is_fraud).seconds_since_last()
    since_small = known.where(is_fraud & is_small).seconds_since_last()
    since_honest = known.where(fraud.eq(0)).seconds_since_last()
    of = "seconds since the terminal's last known"
    yield feature("since_fraud", since_fraud, f"{of} fraud")
    yield feature("since_honest", since_honest, f"{of} honest transaction: its frauds began later")
    yield feature(
        "honest_before_fraud",
        since_honest - since_fraud,
        "seconds from the terminal's last known honest transaction to its last known fraud",
    )
    yield feature(
        "honest_before_small_fraud",
        since_honest - since_small,
        "seconds from there to its last known fraud of a small amount",
    )


own: Final = feature_set(
    "handbook_own",
    HANDBOOK,
    [
        *_of_amount(),
        *_of_customer(),
        *_of_terminal(),
        *_of_last_frauds(),
    ],
)
