"""CSV files as raw batches of text, block by block."""

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Final

import polars as pl

from engine.definition.schema import Schema
from engine.errors import InputError
from engine.events.inputs import InputFile
from engine.events.lines import Lines, split_lines
from engine.events.raw import BAD_SCHEMA, FileHeader, RawBatch, columns_in_use
from engine.events.reasons import shown

_BLOCK_BYTES: Final = 16 << 20
_LONGEST_HEADER: Final = 1 << 20
_SAMPLE_BYTES: Final = 1 << 18
_GZIP: Final = b"\x1f\x8b"
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class _Header:
    names: tuple[str, ...]
    separator: str


def read_csv(
    file: InputFile, schema: Schema, columns: Sequence[str], *, block_bytes: int = _BLOCK_BYTES
) -> Iterator[RawBatch]:
    """The rows of a CSV file, as text.

    The first line names the columns. If more columns of the schema are found in it by splitting
    it at each ``|`` than at commas, fields end at each ``|`` and nothing is quoted; otherwise they
    end at commas, and a field in double quotes may hold commas and doubled quotes (RFC 4180) but
    no line break. Lines end with LF or CRLF, the last one with either or
    neither; blank lines are passed over; a byte order mark is no part of the first name. A file of
    a header alone has no rows and is no error.

    Parameters
    ----------
    file
        The file, plain or gzip by its content.
    schema
        What its columns are; columns the schema does not know are not kept.
    columns
        The schema's columns that are in use.
    block_bytes
        How much of the file is held at a time.

    Yields
    ------
    RawBatch
        One per block, possibly without rows. Lines that do not split into as many fields as the
        header has, or are not UTF-8, are in ``bad``.

    Raises
    ------
    InputError
        If the file cannot be read or decompressed, has no header, delimits its columns or lines
        otherwise, names a column twice, or lacks a required one.
    """
    with _reading(file), _open(file) as stream:
        first = stream.readline(_LONGEST_HEADER)
        header = _header(file, first.removeprefix(_BOM), schema)
        used = columns_in_use(file.name, header.names, schema, columns)
        line = 2
        for block in _blocks(stream, block_bytes):
            lines = split_lines(block, header.separator, len(header.names))
            yield _batch(lines, header, used, line)
            line += lines.count


def check_csv(file: InputFile, schema: Schema, columns: Sequence[str]) -> FileHeader:
    """Refuse a CSV file whose header does not do, as ``read_csv`` would.

    The number of rows is guessed from the length of the first lines, and unknown where the file is
    compressed.
    """
    with _reading(file), _open(file) as stream:
        first = stream.readline(_LONGEST_HEADER)
        header = _header(file, first.removeprefix(_BOM), schema)
        columns_in_use(file.name, header.names, schema, columns)
        sample = stream.read(_SAMPLE_BYTES)
        packed = isinstance(stream, gzip.GzipFile)
    rows = None if packed else _guess_rows(file.path.stat().st_size - len(first), sample)
    return FileHeader(frozenset(header.names), rows)


def _guess_rows(size: int, sample: bytes) -> int:
    lines = sample.count(b"\n")
    if not lines:
        return int(size > 0)
    return round(size * lines / (sample.rfind(b"\n") + 1))


@contextmanager
def _reading(file: InputFile) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(
            f"{file.name}: cannot be read (was: {error})",
            hint="a .gz file may be cut short; write it again, or leave it out",
        ) from error


def _open(file: InputFile) -> IO[bytes]:
    with file.path.open("rb") as plain:
        packed = plain.read(len(_GZIP)) == _GZIP
    if packed:
        return gzip.open(file.path, "rb")  # type: ignore[return-value] # GzipFile reads as IO[bytes] does
    if file.path.suffix.lower() == ".gz":
        raise InputError(
            f"{file.name}: the file is not gzip (was named {file.path.suffix!r})",
            hint="name it .csv if it is plain text",
        )
    return file.path.open("rb")


def _header(file: InputFile, line: bytes, schema: Schema) -> _Header:
    if b"\r" in line.rstrip(b"\r\n"):
        start = line.partition(b"\r")[0].decode(errors="replace")
        raise InputError(
            f"{file.name}: lines end with CR alone (was {shown(start, quoted=True)})",
            hint="end lines with LF or CRLF",
        )
    if len(line) == _LONGEST_HEADER and not line.endswith(b"\n"):
        raise InputError(
            f"{file.name}: the first line does not end (was {len(line):,} bytes and more)",
            hint="the first line names the columns; end lines with LF or CRLF",
        )
    try:
        text = line.decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{file.name}: the header is not UTF-8 (was: {error})",
            hint="save the file as UTF-8; Parquet is named .parquet",
        ) from error
    separator, names = _split_header(text, schema)
    # It may be no header at all but a row: what is shown of it is masked like any value.
    start = shown(text, quoted=True)
    if not text.strip():
        raise InputError(
            f"{file.name}: the first line is blank (was {text!r})",
            hint="the first line names the columns",
        )
    for other, called in (("\t", "tabs"), (";", "semicolons")):
        if len(names) == 1 and other in text:
            raise InputError(
                f"{file.name}: columns are delimited by {called} (was {start})",
                hint="delimit them by | (no quoting) or by commas",
            )
    known = _known(schema)
    if not known.intersection(names):
        raise InputError(
            f"{file.name}: the first line names no known column: the header may be missing "
            f"(was {start})",
            hint=f"put a line with the columns' names first, such as {schema.event_ids[0]!r} and "
            f"{schema.event_time!r}",
        )
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise InputError(
            f"{file.name}: the header names a column twice (was {', '.join(map(repr, double))})",
            hint="rename or drop one of them",
        )
    return _Header(names, separator)


def _split_header(text: str, schema: Schema) -> tuple[str, tuple[str, ...]]:
    piped = tuple(name.strip() for name in text.split("|"))
    fields = next(csv.reader([text], skipinitialspace=True), [])
    commas = tuple(name.strip() for name in fields)
    known = _known(schema)
    if len(known.intersection(piped)) > len(known.intersection(commas)):
        return "|", piped
    return ",", commas


def _known(schema: Schema) -> frozenset[str]:
    return frozenset((*schema.event_ids, *schema.by_name))


def _blocks(stream: IO[bytes], block_bytes: int) -> Iterator[bytes]:
    """Whole lines, about ``block_bytes`` at a time; every block ends with a line break."""
    rest = b""
    while data := stream.read(block_bytes):
        end = data.rfind(b"\n") + 1
        if end:
            yield b"".join([rest, memoryview(data)[:end]])
            rest = data[end:]
        else:
            rest += data
    if rest:
        yield rest + b"\n"


def _batch(lines: Lines, header: _Header, used: Sequence[str], first_line: int) -> RawBatch:
    names = dict.fromkeys(header.names, pl.String())
    if lines.good:
        frame = pl.read_csv(
            lines.good,
            has_header=False,
            schema=names,
            columns=[header.names.index(name) for name in used],
            separator=header.separator,
            quote_char='"' if header.separator == "," else None,
        ).select(used)
    else:
        frame = pl.DataFrame(schema=dict.fromkeys(used, pl.String))
    if len(frame) != lines.good_count:
        msg = f"polars split {lines.good_count} lines into {len(frame)} rows"
        raise AssertionError(msg)
    bad = pl.DataFrame(
        {
            "line": [first_line + index for index, _, _ in lines.bad],
            "column": None,
            "kind": [kind for _, kind, _ in lines.bad],
            "was": [was for _, _, was in lines.bad],
        },
        schema=BAD_SCHEMA,
    )
    numbers = None if lines.indices is None else lines.indices + first_line
    return RawBatch(frame, first_line, numbers, bad, len(frame) + len(bad))
