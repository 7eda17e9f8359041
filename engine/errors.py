"""The errors people see: what failed, where, the value, and what to do about it."""


class SentinelError(Exception):
    """An error that a person can act upon.

    Parameters
    ----------
    what
        What failed and where, with the value at fault as ``(was …)``.
    hint
        What to do about it; printed on a line of its own.
    """

    def __init__(self, what: str, *, hint: str) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what}\nhint: {self.hint}"


class DefinitionError(SentinelError):
    """A feature, a feature set or a schema is not well formed."""


class InputError(SentinelError):
    """An option or an input cannot be read, or holds what is refused."""


class OutputError(SentinelError):
    """An output cannot be written, or would replace what is already there."""
