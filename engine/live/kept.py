"""Events as the ledger keeps them: a JSON object of canonical values, without what is null."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

Row = tuple[Any, ...]


class KeptEvents:
    """To and from the text of an event.

    Parameters
    ----------
    columns
        The columns that are kept, in order.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        # Fields have names of their own, as columns may be called what no field can be.
        self._shape = _shape(columns, omitted=True)
        self._encode = msgspec.json.Encoder().encode

    def text(self, values: Row) -> str:
        """The text of an event, of the values of the columns."""
        return self._encode(self._shape(*values)).decode()


def row_reader(columns: Sequence[str]) -> Callable[[str], Row]:
    """What reads the values of some columns, in their order, from the text of an event."""
    decode = msgspec.json.Decoder(_shape(columns, omitted=False)).decode
    values = msgspec.structs.astuple
    return lambda text: values(decode(text))


def _shape(columns: Sequence[str], *, omitted: bool) -> type[msgspec.Struct]:
    names = {f"c{place}": column for place, column in enumerate(columns)}
    return msgspec.defstruct(
        "Kept",
        [(name, Any, None) for name in names],
        rename=names,
        omit_defaults=omitted,
        gc=False,
    )
