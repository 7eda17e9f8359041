"""What a board tells: frozen rows of plain values, to be encoded as JSON as they are.

Instants are microseconds since 1970 UTC by the wall's clock, money is in major units, cards are
masked to their last four digits.
"""

from engine.live.board.rows.alert import MOST_ALERTS, Alert, Query
from engine.live.board.rows.case import Case, Past, Seen
from engine.live.board.rows.drift import Drift, Movement
from engine.live.board.rows.fault import Fault
from engine.live.board.rows.picture import Answered, Minute, Pattern, Picture, Place, Segment

__all__ = [
    "MOST_ALERTS",
    "Alert",
    "Answered",
    "Case",
    "Drift",
    "Fault",
    "Minute",
    "Movement",
    "Past",
    "Pattern",
    "Picture",
    "Place",
    "Query",
    "Seen",
    "Segment",
]
