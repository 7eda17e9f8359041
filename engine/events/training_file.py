"""The columns of a training file, in file order.

A training file is pipe-delimited text without quoting (a field may hold commas and quotes),
or Parquet with the same columns. ``trans_num`` and ``transaction_id`` are both event ids; some
files carry only one of them, and some call the first ``profile``.
"""

from typing import Final

TRAINING_COLUMNS: Final[tuple[str, ...]] = (
    "ssn",
    "cc_num",
    "first",
    "last",
    "gender",
    "street",
    "city",
    "state",
    "zip",
    "lat",
    "long",
    "city_pop",
    "job",
    "dob",
    "acct_num",
    "trans_num",
    "trans_date",
    "trans_time",
    "unix_time",
    "category",
    "amt",
    "is_fraud",
    "merchant",
    "merch_lat",
    "merch_long",
    "transaction_id",
)
