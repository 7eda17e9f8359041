"""Which names can be written wherever people read them: in messages, headers and comments."""

import unicodedata
from typing import Final

from engine.errors import DefinitionError

# Control characters, the two other characters that end a line, and halves of characters, which no
# file can hold.
_REFUSED: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})


def verify_printable(what: str, name: str) -> None:
    """Refuse a name that would break the line in which it stands.

    Raises
    ------
    DefinitionError
        If it holds a control character or half a character; the message names ``what`` has it.
    """
    if any(unicodedata.category(character) in _REFUSED for character in name):
        raise DefinitionError(
            f"the name of {what} has no control characters and no half ones (was {name!r})",
            hint="name it in one line of text, without tabs and line breaks",
        )
