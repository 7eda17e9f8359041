"""Parquet files as raw batches, in bounded memory."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from engine.definition.schema import Schema
from engine.definition.types import Kind
from engine.errors import InputError
from engine.events.inputs import InputFile
from engine.events.normalise import check_dtypes
from engine.events.raw import FileHeader, RawBatch, columns_in_use, no_bad_rows

# Column chunks are read through buffers of this size. Without, whole chunks lie in memory, which
# with row groups of millions of rows is most of what a run needs.
_BUFFER_BYTES: Final = 1 << 20


def read_parquet(
    file: InputFile,
    schema: Schema,
    columns: Sequence[str],
    *,
    batch_rows: int,
    groups: Collection[int] | None = None,
) -> Iterator[RawBatch]:
    """The rows of a Parquet file, or of some of its row groups.

    Parameters
    ----------
    file
        The file.
    schema
        What its columns are; columns the schema does not know are not read.
    columns
        The schema's columns that are in use.
    batch_rows
        How many rows a batch holds at most; each lies within one row group, so that nothing has to
        be joined, and the batches of a row group are about equal.
    groups
        The row groups to read, by number; None for all.

    Yields
    ------
    RawBatch
        Text columns are Categorical. Where the file's statistics prove that every row has its
        preferred event id, the other ids are not read.

    Raises
    ------
    InputError
        If the file cannot be read, lacks a required column or holds one in a form that its type
        cannot be read from.
    """
    used, text, metadata = _plan(file, schema, columns)
    with (
        _reading(file),
        pq.ParquetFile(
            file.path,
            metadata=metadata,
            read_dictionary=text,
            pre_buffer=False,
            buffer_size=_BUFFER_BYTES,
        ) as opened,
    ):
        row = 1
        for group in range(metadata.num_row_groups):
            rows = metadata.row_group(group).num_rows
            if groups is not None and group not in groups:
                row += rows
                continue
            even = -(-rows // max(1, -(-rows // batch_rows)))
            for batch in opened.iter_batches(
                max(1, even), row_groups=[group], columns=used, use_threads=False
            ):
                frame = pl.DataFrame(pl.from_arrow(batch))
                yield RawBatch(frame, row, None, no_bad_rows(), len(frame))
                row += len(frame)


def check_parquet(file: InputFile, schema: Schema, columns: Sequence[str]) -> FileHeader:
    """Refuse a Parquet file whose columns do not do, as ``read_parquet`` would."""
    _, _, metadata = _plan(file, schema, columns)
    return FileHeader(frozenset(metadata.schema.names), metadata.num_rows)


def group_rows(file: InputFile) -> list[int]:
    """How many rows each row group of a Parquet file has, as its footer says."""
    with _reading(file), pq.ParquetFile(file.path, pre_buffer=False) as opened:
        metadata = opened.metadata
        return [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]


@contextmanager
def _reading(file: InputFile) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"{file.name}: cannot be read as Parquet (was: {_first_line(error)})",
            hint="the file may be cut short or be something else; write it again, or leave it out",
        ) from error


def _plan(
    file: InputFile, schema: Schema, columns: Sequence[str]
) -> tuple[list[str], list[str], Any]:
    """The columns to read, those of them to read as dictionaries, and the file's metadata."""
    with (
        _reading(file),
        pq.ParquetFile(file.path, pre_buffer=False, buffer_size=_BUFFER_BYTES) as opened,
    ):
        stored, metadata = opened.schema_arrow, opened.metadata
    used = columns_in_use(file.name, stored.names, schema, columns)
    used = _without_spare_ids(used, schema, columns, metadata)
    check_dtypes(_dtypes(file, stored, used), schema, columns, name=file.name)
    text = [
        name
        for name in used
        if name in columns
        and schema.by_name[name].type.kind is Kind.TEXT
        and _is_text(stored.field(name).type)
    ]
    return list(used), text, metadata


def _dtypes(file: InputFile, stored: Any, used: Sequence[str]) -> pl.Schema:  # noqa: ANN401 - pyarrow is untyped
    double = {name for name in used if stored.names.count(name) > 1}
    if double:
        raise InputError(
            f"{file.name}: a column occurs twice (was {', '.join(sorted(double))})",
            hint="rename or drop one of them",
        )
    nothing = pa.schema([stored.field(name) for name in used]).empty_table()
    return pl.DataFrame(pl.from_arrow(nothing)).schema


def _is_text(type_: Any) -> bool:  # noqa: ANN401 - pyarrow is untyped
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_))


def _without_spare_ids(
    used: tuple[str, ...],
    schema: Schema,
    columns: Sequence[str],
    metadata: Any,  # noqa: ANN401 - pyarrow is untyped
) -> tuple[str, ...]:
    ids = [name for name in used if name in schema.event_ids]
    if len(ids) == 1 or not _is_never_empty(ids[0], metadata):
        return used
    return tuple(name for name in used if name not in ids[1:] or name in columns)


def _is_never_empty(name: str, metadata: Any) -> bool:  # noqa: ANN401 - pyarrow is untyped
    """Whether statistics prove that a column holds neither null nor empty or blank text."""
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        for index in range(row_group.num_columns):
            chunk = row_group.column(index)
            if chunk.path_in_schema == name:
                known = chunk.statistics if chunk.is_stats_set else None
                if known is None or not known.has_min_max or not known.has_null_count:
                    return False
                if known.null_count or _may_be_blank(known.min):
                    return False
    return True


def _may_be_blank(least: object) -> bool:
    """Whether text that is empty or spaces can be among values of which ``least`` is the least."""
    if isinstance(least, bytes):
        return least[:1] <= b" "
    return isinstance(least, str) and least[:1] <= " "


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
