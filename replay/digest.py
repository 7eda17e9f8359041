"""One hash of a ledger's content, however it was cut into frames."""

import hashlib
from typing import Final, Self

import polars as pl

_LENGTHS: Final = pl.Int64()


class Digest:
    """The SHA-256 of rows, fed frame by frame.

    Each column has a hash of its own, of its values' bytes; the digest is the hash of those, with
    the columns' names. Lists and texts count with their lengths, nulls with their places.
    """

    def __init__(self, columns: "dict[str, hashlib._Hash] | None" = None, rows: int = 0) -> None:
        self._columns = {} if columns is None else columns
        self.rows = rows

    def update(self, frame: pl.DataFrame) -> None:
        """Take in the next rows. A first frame tells the columns; later ones of no rows nothing."""
        self.rows += len(frame)
        for column in frame:
            self._add(column.name, column)

    def copy(self) -> Self:
        """One of its own that has taken in the same."""
        return type(self)({name: each.copy() for name, each in self._columns.items()}, self.rows)

    def hexdigest(self) -> str:
        """64 hexadecimal digits, of what was taken in so far."""
        every = hashlib.sha256(f"{self.rows}\n".encode())
        for name, column in sorted(self._columns.items()):
            every.update(f"{name} {column.hexdigest()}\n".encode())
        return every.hexdigest()

    def _add(self, name: str, column: pl.Series) -> None:
        dtype = column.dtype
        self._feed(f"{name}?", column.is_null().cast(pl.UInt8))
        if isinstance(dtype, pl.Struct):
            for field in column.struct.fields:
                self._add(f"{name}.{field}", column.struct.field(field))
        elif isinstance(dtype, pl.List):
            self._feed(f"{name}#", column.list.len().fill_null(0).cast(_LENGTHS))
            self._add(f"{name}[]", column.drop_nulls().explode(empty_as_null=False))
        elif dtype == pl.String:
            self._feed(f"{name}#", column.str.len_bytes().fill_null(0).cast(_LENGTHS))
            text = column.drop_nulls().str.join("").item() if len(column) else ""
            self._hash(name).update(text.encode())
        else:
            self._feed(name, column.fill_null(0))

    def _feed(self, name: str, column: pl.Series) -> None:
        self._hash(name).update(column.to_numpy().tobytes())

    def _hash(self, name: str) -> "hashlib._Hash":
        return self._columns.setdefault(name, hashlib.sha256())


def digest_of(frame: pl.DataFrame, *columns: str) -> str:
    """The digest of some columns of one frame."""
    made = Digest()
    made.update(frame.select(columns))
    return made.hexdigest()
