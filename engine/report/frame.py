"""The frame of a report: one HTML page with all it needs in itself, and what stands on it.

Text is text: whatever is given as ``str`` is escaped, and only :class:`Html` is taken as it is. The
page forbids its browser to load anything, and holds no script: what is in it prints as it looks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Final, Literal

_STYLE: Final = "page.css"
# Nothing may be loaded or run; style stands in the page.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

Align = Literal["text", "date", "number", "wide"]


@dataclass(frozen=True, slots=True)
class Html:
    """A piece of a page that is marked up already, and safe.

    Parameters
    ----------
    markup
        As it will stand in the page.
    """

    markup: str


# What may stand on a page: words, which are escaped, or a piece of it.
Piece = str | Html


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page.

    Parameters
    ----------
    anchor
        What links to it call it: letters and dashes.
    title
        Its heading.
    content
        What stands in it, from the top.
    """

    anchor: str
    title: str
    content: Sequence[Html]


@dataclass(frozen=True, slots=True)
class Tile:
    """A number that is seen first.

    Parameters
    ----------
    label
        What it is, in a few words.
    value
        As it is shown.
    detail
        What stands below it in small: its interval, what it is of.
    """

    label: str
    value: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    title
        Its head.
    align
        ``number``: to the right, in figures of equal width; ``wide``: text that has the room that
        is left; ``text``: as narrow as it can be.
    """

    title: str
    align: Align = "text"


def page(title: str, kicker: str, lead: Iterable[Piece], sections: Sequence[Section]) -> str:
    """A whole page.

    Parameters
    ----------
    title
        What it is about: the heading, and what a browser calls it.
    kicker
        What kind of page it is; above the heading.
    lead
        Paragraphs that say in words what came of it.
    sections
        Its parts, in order.

    Returns
    -------
    str
        HTML that loads nothing; equal for equal arguments.
    """
    style = files("engine.report").joinpath(_STYLE).read_text("utf-8")
    links = "".join(
        f'<a href="#{escape(part.anchor)}">{escape(part.title)}</a>' for part in sections
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light">\n'
        f"<title>{escape(title)} – {escape(kicker)}</title>\n"
        f"<style>\n{style}</style>\n</head>\n<body>\n<header>\n"
        f'<p class="kicker">{escape(kicker)}</p>\n<h1>{escape(title)}</h1>\n'
        + "".join(f'<p class="lead">{_inside(words)}</p>\n' for words in lead)
        + f"<nav>{links}</nav>\n</header>\n<main>\n"
        + "".join(map(_section, sections))
        + "</main>\n</body>\n</html>\n"
    )


def _section(part: Section) -> str:
    content = "".join(piece.markup for piece in part.content)
    return (
        f'<section id="{escape(part.anchor)}">\n<h2>{escape(part.title)}</h2>\n'
        f"{content}</section>\n"
    )


def paragraph(*pieces: Piece) -> Html:
    """Words, a paragraph of them."""
    return Html(f"<p>{''.join(map(_inside, pieces))}</p>\n")


def note(*pieces: Piece) -> Html:
    """Words that must not be overlooked."""
    return Html(f'<p class="note">{"".join(map(_inside, pieces))}</p>\n')


def strong(words: str) -> Html:
    """Words that stand out."""
    return Html(f"<strong>{escape(words)}</strong>")


def quiet(words: str) -> Html:
    """Words that stand back."""
    return Html(f'<span class="quiet">{escape(words)}</span>')


def code(words: str) -> Html:
    """What a program calls something."""
    return Html(f"<code>{escape(words)}</code>")


def joined(*pieces: Piece, between: str = "") -> Html:
    """Pieces one after the other; ``between`` is text."""
    return Html(escape(between).join(map(_inside, pieces)))


def lines(pieces: Iterable[Piece]) -> Html:
    """Pieces below each other, such as the lines of a table's cell."""
    return Html("<br>".join(map(_inside, pieces)))


def tiles(shown: Iterable[Tile]) -> Html:
    """Numbers that are seen first, in rows."""
    inner = "".join(
        f'<div class="tile"><p class="label">{escape(tile.label)}</p>'
        f'<p class="value">{escape(tile.value)}</p><p class="detail">{escape(tile.detail)}</p>'
        "</div>\n"
        for tile in shown
    )
    return Html(f'<div class="tiles">\n{inner}</div>\n')


def facts(pairs: Iterable[tuple[str, Piece]]) -> Html:
    """Names and what they stand for, line by line."""
    inner = "".join(f"<dt>{escape(name)}</dt><dd>{_inside(said)}</dd>\n" for name, said in pairs)
    return Html(f'<dl class="facts">\n{inner}</dl>\n')


def table(
    columns: Sequence[Column], rows: Iterable[Sequence[Piece]], *, caption: Piece = ""
) -> Html:
    """A table.

    Parameters
    ----------
    columns
        Its columns.
    rows
        As many pieces a row.
    caption
        What it shows; above it.
    """
    head = "".join(_cell("th", column, column.title) for column in columns)
    body = "".join(
        f"<tr>{''.join(_cell('td', *pair) for pair in zip(columns, row, strict=True))}</tr>\n"
        for row in rows
    )
    told = f"<caption>{_inside(caption)}</caption>" if caption else ""
    return Html(
        f'<div class="table"><table>{told}\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}</tbody></table></div>\n"
    )


def figure(svg: Html, title: str, caption: Piece = "") -> Html:
    """A plot with what it shows above, and how to read it below.

    Parameters
    ----------
    svg
        The plot; see :func:`engine.report.drawing.drawn`.
    title
        What it shows.
    caption
        How it was made and is to be read.
    """
    told = f"<p>{_inside(caption)}</p>" if caption else ""
    return Html(
        f"<figure>\n<h3>{escape(title)}</h3>\n{svg.markup}\n<figcaption>{told}</figcaption>\n"
        "</figure>\n"
    )


def beside(*pieces: Html) -> Html:
    """Pieces in two columns, below each other where there is no room."""
    inner = "".join(f'<div class="half">{piece.markup}</div>\n' for piece in pieces)
    return Html(f'<div class="beside">\n{inner}</div>\n')


def _cell(tag: str, column: Column, said: Piece) -> str:
    scope = ' scope="col"' if tag == "th" else ""
    return f'<{tag} class="{column.align}"{scope}>{_inside(said)}</{tag}>'


def _inside(piece: Piece) -> str:
    return piece.markup if isinstance(piece, Html) else escape(piece)
