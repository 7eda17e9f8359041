"""Charts as images: SVG that stands in a page, and PNG.

They are drawn here, once, and not in the browser by Vega's scripts: a page of these is a tenth of
the size, prints at any resolution as it looks, and opens where scripts are not allowed.
"""

import re
from dataclasses import dataclass
from html import escape
from itertools import count
from typing import Any, Final

import altair as alt
import vl_convert

from engine.report.frame import Html

# Dark, middle and light, so that they can be told apart in grey, and by those who see few colours.
FLAGGED: Final = "#0b4f8a"
MISSED: Final = "#d55e00"
FALSE: Final = "#e5a120"
INK: Final = "#17212b"
MUTED: Final = "#5a6672"
FAINT: Final = "#c3ccd4"

WIDTH: Final = 490  # of a plot with all around it, half of a page
PANEL: Final = 420  # of the inside of one of several panels
HEIGHT: Final = 300
_PNG_SCALE: Final = 2
# Labels of an axis: 0, 0.5, 500, 20k, 1.5M.
SHORT: Final = "format(datum.value, abs(datum.value) < 1 ? '~g' : '~s')"

# The second has the widths of the first and comes with what draws here; browsers have one of them.
_FONT: Final = "Arial, Liberation Sans, Helvetica, sans-serif"
_TEXT: Final = 13
_CONFIG: Final[dict[str, Any]] = {
    "aria": False,
    "background": "white",
    "font": _FONT,
    "padding": 3,
    "view": {"stroke": None},
    "axis": {
        "labelColor": MUTED,
        "labelFontSize": _TEXT,
        "titleColor": INK,
        "titleFontSize": _TEXT,
        "titleFontWeight": "normal",
        "gridColor": "#e8ecf0",
        "domainColor": FAINT,
        "tickColor": FAINT,
        "tickSize": 4,
        "labelPadding": 4,
        "titlePadding": 8,
        "labelFlush": False,
    },
    "axisY": {"domain": False, "ticks": False},
    "legend": {
        "orient": "top",
        "direction": "horizontal",
        "title": None,
        "labelColor": INK,
        "labelFontSize": _TEXT,
        "labelLimit": 300,
        "symbolSize": 110,
        "symbolStrokeWidth": 2,
        "columnPadding": 18,
        "offset": 8,
        "padding": 0,
    },
    "title": {"anchor": "start", "fontSize": _TEXT, "fontWeight": "bold", "color": INK},
    "header": {"labelFontSize": _TEXT, "titleFontSize": _TEXT},
    "text": {"fontSize": _TEXT, "color": INK},
    "line": {"strokeWidth": 2},
}

_ID: Final = re.compile(r'\bid="([^"]+)"')
# What Vega writes for scripts and readers of single shapes: here a plot is one image with a name.
_UNUSED: Final = re.compile(
    r' (?:class|role|aria-[a-z]+|pointer-events|xmlns(?::xlink)?|version)="[^"]*"'
)

Chart = alt.Chart | alt.LayerChart | alt.FacetChart | alt.HConcatChart | alt.VConcatChart


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart, drawn; equal charts give equal bytes.

    Parameters
    ----------
    svg
        As it stands in a page, which may hold others.
    png
        The same as a PNG.
    """

    svg: Html
    png: bytes


def drawn(chart: Chart, name: str, says: str) -> Drawing:
    """Draw a chart.

    Parameters
    ----------
    chart
        The chart; what it looks like besides is decided here.
    name
        Unlike that of any other on the page: letters and dashes.
    says
        What is to be seen, for those who hear the page.
    """
    svg = vl_convert.vegalite_to_svg(chart.to_dict(), config=_CONFIG)
    # Vega counts clips and gradients for as long as the process lives.
    numbers = count()
    for found in dict.fromkeys(_ID.findall(svg)):
        given = f"{name}-{next(numbers)}"
        svg = svg.replace(f'id="{found}"', f'id="{given}"').replace(
            f"url(#{found})", f"url(#{given})"
        )
    png = vl_convert.svg_to_png(svg, scale=_PNG_SCALE)
    label = f'<svg role="img" aria-label="{escape(says)}"'
    return Drawing(Html(_UNUSED.sub("", svg).replace("<svg", label, 1)), png)
