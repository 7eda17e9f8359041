"""The digest tells all content, and nothing of how it was cut."""

from collections.abc import Callable
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.digest import Digest, digest_of

REASONS = pl.List(pl.Struct({"feature": pl.String, "contribution": pl.Float64}))
FRAME = pl.DataFrame(
    {
        "whole": [1, None, 0, 2**62],
        "text": ["a", None, "", "äb"],
        "event": [{"x": 1.5, "y": "p"}, {"x": None, "y": None}, {"x": -0.0, "y": ""}, None],
        "reasons": [[{"feature": "f", "contribution": 1.0}], [], None, [{"feature": None}] * 2],
        "flag": [1, 0, 1, 0],
    },
    schema_overrides={"reasons": REASONS, "flag": pl.Int8},
)


def digest(*frames: pl.DataFrame) -> str:
    made = Digest()
    for frame in frames:
        made.update(frame)
    return made.hexdigest()


@given(st.lists(st.integers(0, len(FRAME)), max_size=4).map(sorted))
def test_frames_may_be_cut_anywhere(cuts: list[int]) -> None:
    bounds = [0, *cuts, len(FRAME)]
    parts = [FRAME[start:end] for start, end in pairwise(bounds)]
    assert digest(*parts) == digest(FRAME)


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.reverse(),
        lambda frame: frame.head(3),
        lambda frame: frame.rename({"text": "words"}),
        lambda frame: frame.with_columns(whole=pl.Series([1, 0, 0, 2**62])),  # null is not 0
        lambda frame: frame.with_columns(text=pl.Series(["a", "", "", "äb"])),
        lambda frame: frame.with_columns(text=pl.Series(["aä", None, "", "b"])),  # other borders
        lambda frame: frame.with_columns(
            event=pl.Series(
                [{"x": 1.5, "y": "p"}, {"x": None, "y": None}, {"x": 0.0, "y": ""}, None]
            )
        ),  # the sign of a zero
        lambda frame: frame.with_columns(reasons=pl.col("reasons").fill_null([])),
        lambda frame: frame.with_columns(reasons=pl.col("reasons").shift(1)),
        lambda frame: frame.with_columns(flag=1 - pl.col("flag")),
    ],
)
def test_every_change_is_told(change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    assert digest(change(FRAME)) != digest(FRAME)


def test_a_copy_goes_its_own_way() -> None:
    made = Digest()
    made.update(FRAME[:2])
    copy = made.copy()
    copy.update(FRAME[2:])
    assert made.hexdigest() == digest(FRAME[:2])
    assert copy.hexdigest() == digest(FRAME)
    assert digest_of(FRAME, "flag", "text") == digest(FRAME.select("text", "flag"))
