"""Text made by a program inside a text that people write, between two marks."""

from engine.errors import InputError


def between_marks(text: str, begin: str, end: str, made: str, called: str) -> str:
    """A text with what was made between its marks, in place of what was there.

    Parameters
    ----------
    text
        The text, with each mark once, the begin first.
    begin, end
        The marks.
    made
        What to put between them.
    called
        What messages call that.

    Raises
    ------
    InputError
        If the marks are not there, once each and in order.
    """
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed or begin in rest or end in after:
        raise InputError(
            f"the text has no place for {called} (was {text.count(begin)} × {begin}, "
            f"{text.count(end)} × {end})",
            hint="put each mark on a line of its own, once, the begin first",
        )
    return f"{before}{begin}\n\n{made}\n\n{end}{after}"
