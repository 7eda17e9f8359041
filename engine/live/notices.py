"""What is said as things go wrong and right again; never per event."""

from typing import Protocol


class Log(Protocol):
    """Takes notices: what happened, and its particulars by name. A structlog logger is one."""

    def info(self, event: str, /, **particulars: object) -> object:
        """Say what is as it should be."""
        ...

    def warning(self, event: str, /, **particulars: object) -> object:
        """Say what somebody may want to look at."""
        ...


class Silent:
    """A log that says nothing."""

    def info(self, event: str, /, **particulars: object) -> None:
        """Say nothing."""

    def warning(self, event: str, /, **particulars: object) -> None:
        """Say nothing."""
