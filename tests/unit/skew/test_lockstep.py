"""Frames of any size side by side; an engine that loses, moves or renames something is refused."""

from collections.abc import Iterator

import polars as pl
import pytest

from engine.skew.lockstep import RowsDifferError, in_step


def frames(*sizes: int, name: str = "x", first: int = 0) -> Iterator[pl.DataFrame]:
    start = 0
    for size in sizes:
        rows = range(start, start + size)
        yield pl.DataFrame(
            {"event_id": [f"e{first + row}" for row in rows], name: list(rows)},
            schema={"event_id": pl.String, name: pl.Int64},
        )
        start += size


def test_cuts_are_equal() -> None:
    streams = {"a": frames(3, 0, 4), "b": frames(7), "c": frames(1, 1, 1, 1, 1, 2)}
    cuts = list(in_step(streams))
    assert [len(cut[0]) for cut in cuts] == [1, 1, 1, 1, 1, 2]
    for one, *others in cuts:
        assert all(one.equals(other) for other in others)
    assert pl.concat(cut[1] for cut in cuts)["x"].to_list() == list(range(7))


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (lambda: frames(2, 2), "engine b: fewer rows than another engine (was nothing where"),
        (lambda: frames(5, first=1), "engine b: another event than a (was 'e1' for 'e0')"),
        (lambda: frames(5, name="y"), "engine b: other columns than a (was "),
    ],
)
def test_what_is_refused(other: object, what: str) -> None:
    assert callable(other)
    with pytest.raises(RowsDifferError) as caught:
        list(in_step({"a": frames(5), "b": other()}))
    assert caught.value.what.startswith(what)
    assert caught.value.hint


def test_streams_are_closed() -> None:
    closed = []

    def stream() -> Iterator[pl.DataFrame]:
        try:
            yield from frames(1, 1)
        finally:
            closed.append(True)

    steps = in_step({"a": stream(), "b": stream()})
    next(steps)
    assert not closed
    steps.close()  # type: ignore[attr-defined] # it is a generator
    assert closed == [True, True]
