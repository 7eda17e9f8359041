"""Long expressions broken into lines: the arguments of a call, the parts of a choice."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

_INDENT: Final = "    "
_PART: Final = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\w+|.", re.DOTALL)
_OPENS: Final = frozenset({"(", "[", "{", "CASE"})
_CLOSES: Final = frozenset({")", "]", "}", "END"})
_CALL: Final = re.compile(r"\w+\(")


def indented(lines: Iterable[str]) -> list[str]:
    """The lines one level deeper."""
    return [_INDENT + line if line else line for line in lines]


def broken(text: str, room: int) -> list[str]:
    """An expression in lines of at most ``room`` characters, where it can be had."""
    if len(text) <= room:
        return [text]
    whole = _closing(text) == len(text)
    if whole and text.startswith("CASE "):
        return _choice(text, room)
    call = _CALL.match(text)
    if whole and call is not None:
        return [call[0], *indented(_arguments(text[call.end() : -1], room)), ")"]
    return [text]


def _choice(text: str, room: int) -> list[str]:
    inner = text[len("CASE ") : -len(" END")]
    cuts = [place for place, part in _top(inner) if part in {"WHEN", "THEN", "ELSE"}]
    lines = []
    for part in map(str.strip, _cut(inner, cuts[1:])):
        word, _, rest = part.partition(" ")
        first, *more = broken(rest, room - len(_INDENT) - len(word) - 1)
        lines += [f"{word} {first}", *more]
    return ["CASE", *indented(lines), "END"]


def _arguments(text: str, room: int) -> list[str]:
    """Arguments in one line if there is room for it, else each in its own."""
    if len(text) <= room - len(_INDENT):
        return [text]
    commas = [place + 1 for place, part in _top(text) if part == ","]
    lines = []
    for argument in _cut(text, commas):
        comma = "," if argument.endswith(",") else ""
        *most, last = broken(argument.strip().removesuffix(","), room - len(_INDENT))
        lines += [*most, last + comma]
    return lines


def _cut(text: str, places: Sequence[int]) -> Iterator[str]:
    for begin, end in zip([0, *places], [*places, len(text)], strict=True):
        yield text[begin:end]


def _closing(text: str) -> int:
    """Where the first bracket or CASE of a text is closed again; the place behind that."""
    depth = 0
    for part in _PART.finditer(text):
        depth += (part[0] in _OPENS) - (part[0] in _CLOSES)
        if part[0] in _CLOSES and depth == 0:
            return part.end()
    return len(text) + 1


def _top(text: str) -> Iterator[tuple[int, str]]:
    """The parts that are in no bracket and no inner CASE, and where they begin."""
    depth = 0
    for part in _PART.finditer(text):
        depth += (part[0] in _OPENS) - (part[0] in _CLOSES)
        if depth == 0 and part[0] not in _CLOSES:
            yield part.start(), part[0]
