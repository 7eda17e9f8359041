"""Splitting a block of CSV into lines that have the right number of fields, and others.

polars' own reader fills short lines with nulls and cuts long ones without a word, so fields are
counted here, over the block's bytes as one array.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

_Bytes = np.ndarray[tuple[int], np.dtype[np.uint8]]
_Ints = np.ndarray[tuple[int], np.dtype[np.int64]]
_Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]

_LF: Final = ord("\n")
_CR: Final = ord("\r")
_QUOTE: Final = ord('"')
_BEYOND_ASCII: Final = 0x80
_MOST_IN_A_BYTE: Final = 255

TOO_FEW: Final = "too few fields"
TOO_MANY: Final = "too many fields"
NOT_UTF8: Final = "the line is not UTF-8"
QUOTING: Final = "a double quote does not enclose a field"


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a block.

    Parameters
    ----------
    good
        Those that can be parsed, as bytes, each with its line break.
    good_count
        How many they are.
    indices
        Their 0-based places among the block's lines; None if they are all of them.
    bad
        For each of the others that is not blank: its place, what is wrong, and the value at fault.
    count
        How many lines the block has, blank ones included.
    """

    good: bytes
    good_count: int
    indices: _Ints | None
    bad: list[tuple[int, str, str | None]]
    count: int


def split_lines(block: bytes, separator: str, fields: int) -> Lines:
    """Tell the lines with ``fields`` fields from the others.

    Parameters
    ----------
    block
        Whole lines, the last one ending with a line break too.
    separator
        ``|`` for fields without quoting, ``,`` for fields that may be quoted.
    fields
        How many fields a line should have.
    """
    array = np.frombuffer(block, dtype=np.uint8)
    is_end = array == _LF
    ends = np.flatnonzero(is_end)
    is_separator = np.equal(array, ord(separator), out=is_end)
    starts = np.concatenate([np.zeros(1, dtype=np.int64), ends[:-1] + 1])
    quoted = separator == "," and b'"' in block
    wanted = fields - 1
    utf8 = _is_utf8(block)
    if utf8 and not quoted and _all_have(is_separator, starts, wanted):
        return Lines(block, len(ends), None, [], len(ends))

    length = ends - starts
    blank = (length == 0) | ((length == 1) & (array[starts] == _CR))
    problems = np.full(len(ends), "", dtype=object)
    if quoted:
        counts, misquoted = _count_quoted(array, starts, ord(separator))
    else:
        counts = np.add.reduceat(is_separator, starts, dtype=np.int64)
        misquoted = np.zeros(len(ends), dtype=np.bool_)
    problems[counts < wanted] = TOO_FEW
    problems[counts > wanted] = TOO_MANY
    problems[misquoted] = QUOTING
    if not utf8:
        problems[_not_utf8(block, array, starts, ends)] = NOT_UTF8
    good = (problems == "") & ~blank
    bad = [
        (row, problem, f"{counts[row] + 1} of {fields}" if problem in {TOO_FEW, TOO_MANY} else None)
        for row in np.flatnonzero((problems != "") & ~blank).tolist()
        for problem in [str(problems[row])]
    ]
    indices = np.flatnonzero(good)
    if len(indices) == len(ends):
        return Lines(block, len(ends), None, [], len(ends))
    spans = zip(starts[indices].tolist(), (ends[indices] + 1).tolist(), strict=True)
    chosen = b"".join([block[start:end] for start, end in spans])
    return Lines(chosen, len(indices), indices, bad, len(ends))


def _all_have(is_separator: _Flags, starts: _Ints, wanted: int) -> bool:
    if not 0 < wanted <= _MOST_IN_A_BYTE:  # a blank line has no separator either
        return False
    # Counts that wrap at 256 are fast; with the total they are exact, as none can be too low then.
    counts = np.add.reduceat(is_separator.view(np.uint8), starts, dtype=np.uint8)
    total = int(np.count_nonzero(is_separator))
    return bool((counts == wanted).all()) and total == wanted * len(starts)


def _count_quoted(array: _Bytes, starts: _Ints, separator: int) -> tuple[_Ints, _Flags]:
    """Separators outside quotes in each line, and which lines are quoted against RFC 4180."""
    marks = np.flatnonzero((array == separator) | (array == _QUOTE))
    is_quote = array[marks] == _QUOTE
    first = np.searchsorted(marks, starts)
    line = np.repeat(np.arange(len(starts)), np.diff(first, append=len(marks)))
    quotes = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(is_quote)])
    before = quotes[:-1] - quotes[first][line]  # quotes before the mark in its own line
    inside = before % 2 == 1
    counts = np.bincount(line[~is_quote & ~inside], minlength=len(starts))

    previous = array[marks - 1]
    previous[:1] = _LF if len(marks) and marks[0] == 0 else previous[:1]
    following = array[np.minimum(marks + 1, len(array) - 1)]
    opens_well = (previous == separator) | (previous == _LF) | (previous == _QUOTE)
    closes_well = (
        (following == separator) | (following == _LF) | (following == _CR) | (following == _QUOTE)
    )
    wrong = is_quote & np.where(inside, ~closes_well, ~opens_well)
    misquoted = np.bincount(line[wrong], minlength=len(starts)) > 0
    odd = np.bincount(line[is_quote], minlength=len(starts)) % 2 == 1
    return counts, misquoted | odd


def _is_utf8(block: bytes) -> bool:
    if block.isascii():
        return True
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True


def _not_utf8(block: bytes, array: _Bytes, starts: _Ints, ends: _Ints) -> list[int]:
    beyond: Any = np.bitwise_or.reduceat(array, starts) & _BEYOND_ASCII
    return [
        row
        for row in np.flatnonzero(beyond).tolist()
        if not _is_utf8(block[starts[row] : ends[row]])
    ]
