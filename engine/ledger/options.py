"""What is asked of a ledger."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Form = Literal["decisions", "log"]
FORMS: tuple[Form, ...] = ("decisions", "log")


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """The options of ``python -m engine.ledger export``; its help says what each does."""

    ledger: Path
    out: Path
    form: Form = "decisions"
    since: int | None = None
    until: int | None = None
    fallbacks: bool = False
    overwrite: bool = False
    quiet: bool = True
    json: bool = False


@dataclass(frozen=True, slots=True)
class RetainOptions:
    """The options of ``python -m engine.ledger retain``; its help says what each does."""

    ledger: Path
    keep: int
    quiet: bool = True
    json: bool = False
