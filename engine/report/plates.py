"""The plots of a page: each is drawn once, to stand there and to be a file of its own."""

from collections.abc import Callable

from engine.report.drawing import Chart, drawn
from engine.report.frame import Html, Piece, figure


class Plates:
    """What was drawn for a page.

    Parameters
    ----------
    progress
        Called after each plot.

    Attributes
    ----------
    images
        The PNG of each plot by its name, in the order of drawing.
    """

    def __init__(self, progress: Callable[[], None] | None = None) -> None:
        self._progress = progress
        self.images: dict[str, bytes] = {}

    def figure(self, name: str, chart: Chart, title: str, caption: Piece) -> Html:
        """Draw a chart and frame it.

        Parameters
        ----------
        name
            Unlike that of any other on the page: letters and dashes.
        chart
            The chart.
        title
            What it shows.
        caption
            How it was made and is to be read.
        """
        drawing = drawn(chart, name, title)
        self.images[name] = drawing.png
        if self._progress is not None:
            self._progress()
        return figure(drawing.svg, title, caption)
