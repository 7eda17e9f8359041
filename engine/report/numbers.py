"""Numbers as a page shows them."""

from typing import Any, Final

from engine.model.figures_text import Unit

NONE: Final = "–"
_FORMS: Final[dict[Unit, str]] = {
    "share": "{:.3f}",
    "number": "{:,.1f}",
    "money": "{:,.2f}",
    "squares": "{:.5f}",
}


def number(value: float | None, unit: Unit) -> str:
    """A value: shares with three decimals, money with two, thousands apart; a dash for none."""
    return NONE if value is None else _FORMS[unit].format(value)


def interval(figure: dict[str, Any], unit: Unit) -> str:
    """The ends of a figure's interval, in brackets; empty if it has none."""
    low, high = figure.get("low"), figure.get("high")
    if low is None or high is None:
        return ""
    return f"[{number(low, unit)}, {number(high, unit)}]"


def percent(share: float | None, decimals: int = 1) -> str:
    """A share of a hundred, as sentences tell it; no line ends before its sign."""
    return NONE if share is None else f"{100 * share:.{decimals}f}\u00a0%"
