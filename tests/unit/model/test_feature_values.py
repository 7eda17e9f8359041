"""Features of events out of a frame, and what is usual among some of them."""

import numpy as np
import polars as pl
import pytest

from engine.model.feature_values import usual_among, values_of_frame

NAN = float("nan")


@pytest.mark.parametrize(
    ("values", "levels", "usual"),
    [
        ([3.0, 1.0, 2.0], None, 2.0),
        ([5.0, NAN, 3.0], None, 3.0),
        ([1e9, 60.0], None, 60.0),
        ([0.0, 1.0, 1.0, 0.0], None, 0.0),
        ([NAN, NAN], None, None),
        ([], None, None),
        ([1.0, 0.0, 1.0, NAN], ["fuel", "travel"], "travel"),
        ([1.0, 0.0], ["fuel", "travel"], "fuel"),
    ],
    ids=[
        "the middle one",
        "nulls are left out",
        "of two the lower, and nothing between never and a minute",
        "neither yes nor no is between them",
        "all null",
        "no events",
        "the most common text",
        "of two as common the first",
    ],
)
def test_what_is_usual(
    values: list[float], levels: list[str] | None, usual: float | str | None
) -> None:
    assert usual_among(np.array(values, dtype=np.float64), levels) == usual


@pytest.mark.parametrize("dtype", [pl.String(), pl.Categorical(), pl.Enum(["travel", "fuel", "é"])])
def test_texts_are_in_the_order_of_their_code_points(dtype: pl.DataType) -> None:
    texts = ["travel", None, "é", "fuel", "travel"]
    values = values_of_frame(pl.DataFrame({"kind": pl.Series(texts, dtype=dtype)}), ["kind"], [0])
    assert values.levels == {0: ("fuel", "travel", "é")}
    assert values.texts(0) == texts
