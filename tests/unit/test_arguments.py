"""Values of options, where no command's own tests hold them."""

import pytest

from engine.arguments import LEAP, LEAP_TEXT, leap, names, seconds, span
from engine.errors import InputError


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("7d", 604_800.0),
        ("1.5h", 5_400.0),
        ("2m", 120.0),
        ("1.5s", 1.5),
        ("200ms", 0.2),
        ("0s", 0.0),
    ],
)
def test_spans_of_time(text: str, found: float) -> None:
    assert seconds(text, "--x") == pytest.approx(found)
    if found.is_integer():
        assert span(text, "--x") == found


def test_a_leap_is_a_span_or_none() -> None:
    assert leap("none") is None
    assert leap("0s") == 0
    assert leap("1.5h") == 5_400
    assert leap(LEAP_TEXT) == LEAP
    with pytest.raises(InputError, match=r"--leap: not a span of time \(was ''\)"):
        leap("")


@pytest.mark.parametrize("text", ["0.4s", "400ms", "1.5s", "0.00001h", "0.001ms"])
def test_what_is_no_whole_number_of_seconds_is_not_rounded(text: str) -> None:
    with pytest.raises(InputError, match="--x: not a whole number of seconds") as said:
        span(text, "--x")
    assert said.value.hint


@pytest.mark.parametrize(
    ("text", "found"), [("0.7d", 60_480), ("2000ms", 2), ("0.1h", 360), ("9999.9d", 863_991_360)]
)
def test_parts_of_days_may_be_whole_seconds(text: str, found: int) -> None:
    assert span(text, "--x") == found


@pytest.mark.parametrize("text", ["", "5", "s", "-1s", "1 s", "1us", "10001d", "1e3s"])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="--x: not a span of time"):
        seconds(text, "--x")


@pytest.mark.parametrize("text", ["a,b", "a, b", " a ,b,", "a,b, "])
def test_names_may_have_blanks_around_them(text: str) -> None:
    assert names(text) == ("a", "b")


def test_a_name_that_is_none_is_left_to_be_refused() -> None:
    assert names("") == ("",)
    assert names("a,,b") == ("a", "", "b")
