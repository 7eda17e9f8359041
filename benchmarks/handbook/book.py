"""The 15 inputs of the Fraud Detection Handbook, in its order and under its names.

The book's windows are open below and closed above: a customer's last w days are ``(t − w, t]`` with
the transaction itself, a terminal's are ``(t − 7 d − w, t − 7 d]``. Ours are closed at both ends,
and without the transaction itself. Times are whole seconds, so that a window one second shorter is
the same: ``(t − w, t]`` is ``[t − (w − 1 s), t]``. Of a customer's, the transaction itself is added
to what came before it; a terminal's, which ends a week ago, is as it stands.

Of several transactions of a customer in one second each sees those that arrived before it, as the
book's rolling windows see rows in the order of the file. That order is the transactions' ids here;
in the book's own file of inputs 20 rows of such transactions were sorted otherwise.
"""

from typing import Final

from benchmarks.handbook.columns import DAY, HANDBOOK
from engine.definition import Feature, column, day_of_week, feature, feature_set, hour, key

DAYS: Final = (1, 7, 30)
LABELS_AFTER: Final = 7  # days until it is known what a transaction was
SATURDAY: Final = 5
LAST_OF_NIGHT: Final = 6  # its last hour


time = column("TX_DATETIME")
amount = column("TX_AMOUNT")
fraud = column("TX_FRAUD")
customer = key("CUSTOMER_ID")
terminal = key("TERMINAL_ID")


def _of_customer(days: int) -> list[Feature]:
    past = customer.last(seconds=days * DAY - 1)
    count = past.count() + 1
    within = f"in the customer's last {days} d, this transaction included"
    return [
        feature(f"CUSTOMER_ID_NB_TX_{days}DAY_WINDOW", count, f"transactions {within}"),
        feature(
            f"CUSTOMER_ID_AVG_AMOUNT_{days}DAY_WINDOW",
            (past.sum(amount) + amount) / count,
            f"mean amount {within}",
        ),
    ]


def _of_terminal(days: int) -> list[Feature]:
    known = terminal.last(seconds=days * DAY - 1, delay_days=LABELS_AFTER)
    within = f"of the {days} d at the terminal whose labels are known"
    return [
        feature(f"TERMINAL_ID_NB_TX_{days}DAY_WINDOW", known.count(), f"transactions {within}"),
        feature(
            f"TERMINAL_ID_RISK_{days}DAY_WINDOW",
            known.mean(fraud).fill(0.0),
            f"share of frauds {within}, 0 if there were no transactions",
        ),
    ]


book: Final = feature_set(
    "handbook_book",
    HANDBOOK,
    [
        feature("TX_AMOUNT", amount, "the amount"),
        feature(
            "TX_DURING_WEEKEND", day_of_week(time) >= SATURDAY, "whether it is Saturday or Sunday"
        ),
        feature("TX_DURING_NIGHT", hour(time) <= LAST_OF_NIGHT, "whether it is before 7 o'clock"),
        *(made for days in DAYS for made in _of_customer(days)),
        *(made for days in DAYS for made in _of_terminal(days)),
    ],
)
