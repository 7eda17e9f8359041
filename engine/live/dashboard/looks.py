"""The colours of charts, dark on light and light on dark, and what all charts have in common."""

from dataclasses import dataclass
from typing import Any, Final

FONT: Final = "system-ui, -apple-system, Segoe UI, Roboto, Liberation Sans, Arial, sans-serif"
_TEXT: Final = 12


@dataclass(frozen=True, slots=True)
class Look:
    """Colours, as the style of the pages has them.

    Parameters
    ----------
    ink, muted, line
        Of words, of words that stand back, and of what is between things.
    calm, alarm, mark
        Of transactions, of alerts, and of what is looked at just now.
    heat
        From few to many.
    land
        What is below a map's marks.
    """

    ink: str
    muted: str
    line: str
    calm: str
    alarm: str
    mark: str
    heat: tuple[str, ...]
    land: str

    @property
    def config(self) -> dict[str, Any]:
        """Vega-Lite's settings for all charts."""
        return {
            "background": "transparent",
            "font": FONT,
            "padding": 2,
            "view": {"stroke": None},
            "axis": {
                "labelColor": self.muted,
                "labelFontSize": _TEXT,
                "titleColor": self.muted,
                "titleFontSize": _TEXT,
                "titleFontWeight": "normal",
                "gridColor": self.line,
                "domainColor": self.line,
                "tickColor": self.line,
                "tickSize": 4,
                "labelPadding": 4,
                "titlePadding": 8,
            },
            "legend": {
                "labelColor": self.muted,
                "titleColor": self.muted,
                "titleFontWeight": "normal",
            },
            "axisY": {"domain": False, "ticks": False},
            "text": {"color": self.ink, "fontSize": _TEXT},
        }


LOOKS: Final = {
    "light": Look(
        ink="#17212b",
        muted="#55616d",
        line="#e3e8ed",
        calm="#6f90ad",
        alarm="#c2410c",
        mark="#0b4f8a",
        heat=("#fbd9bf", "#f3a16f", "#dd6b30", "#b23c0a", "#7a2403"),
        land="#eef2f5",
    ),
    "dark": Look(
        ink="#e6ebf0",
        muted="#9aa8b5",
        line="#2a343e",
        calm="#5f85a6",
        alarm="#ff8a4c",
        mark="#7cc0ff",
        heat=("#57301a", "#8f451b", "#cc5f22", "#f78d4b", "#ffc79d"),
        land="#24303b",
    ),
}
