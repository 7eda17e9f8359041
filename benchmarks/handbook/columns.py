"""The columns of the Fraud Detection Handbook's simulated log.

Le Borgne, Siblini, Lebichot, Bontempi: Reproducible Machine Learning for Credit Card Fraud
Detection - Practical Handbook, 2022, section "Transaction data simulator".
"""

from typing import Final

from engine.definition import CARD, INT, TIME, ColumnSpec, Schema, money_type

# The label comes without a time of its own: it is known after the delay of the window it is in.
HANDBOOK: Final = Schema(
    name="handbook",
    columns=(
        ColumnSpec("CUSTOMER_ID", CARD, required=True),
        ColumnSpec("TX_DATETIME", TIME, required=True),
        ColumnSpec("TX_AMOUNT", money_type(2), required=True, low=0.0, high=10_000_000.0),
        ColumnSpec("TERMINAL_ID", INT, required=True),
        ColumnSpec("TX_FRAUD", INT, required=True, low=0, high=1, label=True),
    ),
    event_ids=("TRANSACTION_ID",),
    event_time="TX_DATETIME",
)

DAY: Final = 86_400  # ticks
