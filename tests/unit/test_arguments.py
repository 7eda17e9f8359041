"""Values of options, where no command's own tests hold them."""

import pytest

from engine.arguments import seconds, span
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
    assert span(text, "--x") == round(found)


@pytest.mark.parametrize("text", ["", "5", "s", "-1s", "1 s", "1us", "10001d", "1e3s"])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="--x: not a span of time"):
        seconds(text, "--x")
