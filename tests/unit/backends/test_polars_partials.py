"""What partials of keys and their codes stand on: room that grows, and codes of texts."""

import numpy as np
import polars as pl

from engine.backends.polars import partials
from engine.backends.polars.codes import text_codes


def test_room_that_grows_keeps_what_is_there() -> None:
    table = np.arange(1, 7, dtype=np.int64)
    assert partials.with_room(table, 3, 2) is table
    grown = partials.with_room(table, 4, 2)
    assert grown[:6].tolist() == table.tolist()
    assert len(grown) >= 8
    assert not grown[6:].any()


def test_a_null_text_has_no_code_that_a_text_has() -> None:
    codes = text_codes(pl.Series(["", None, "fuel", ""]))
    assert codes[1] == -1
    assert codes[0] == codes[3] >= 0
    assert codes[2] not in codes[[0, 1]]
