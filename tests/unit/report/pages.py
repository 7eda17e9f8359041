"""Pages as a browser takes them apart."""

import re
from html.parser import HTMLParser
from typing import Final

# Elements without an end.
_VOID: Final = {"meta", "br", "link", "img", "input", "hr"}
# Attributes that make a browser load something, or lead somewhere.
_LOADING: Final = {"src", "href", "xlink:href", "srcset", "data", "action", "poster", "background"}
_IN_STYLE: Final = re.compile(r"url\(\s*['\"]?([^)'\"]*)|@import\s+([^;]+)")


class Parsed(HTMLParser):
    """What is in a page.

    Attributes
    ----------
    tags
        Every element, in order.
    text
        All words.
    loads
        What attributes and styles point to.
    ids
        All ids.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.loads: list[str] = []
        self.ids: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in _VOID:
            self._open.append(tag)
        for name, value in attrs:
            if name in _LOADING:
                self.loads.append(value or "")
            elif name == "id":
                self.ids.append(value or "")
            self._style(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._open and self._open[-1] == "style":
            self._style(data)

    def _style(self, text: str) -> None:
        self.loads += [one or other for one, other in _IN_STYLE.findall(text)]


def parsed(markup: str) -> Parsed:
    """A page or a piece of one, whose elements have to close in order."""
    found = Parsed()
    found.feed(markup)
    found.close()
    assert not found._open
    return found
