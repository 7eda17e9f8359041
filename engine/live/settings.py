"""Every setting of the live scorer, in one table: command line, environment, file and README.

``python -m engine.live.settings README.md`` writes the table into the README, between its marks.
"""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.arguments import amount, seconds, span, whole
from engine.errors import InputError
from engine.events.rewrite import rewrite_command
from engine.live.api.options import TOKEN_VARIABLE
from engine.live.endpoint import read_endpoint
from engine.marks import between_marks

BEGIN: Final = "<!-- live-settings:begin -->"
END: Final = "<!-- live-settings:end -->"
PREFIX: Final = "SENTINELPOS_"
KEY_VARIABLE: Final = f"{PREFIX}API_KEY"
CONFIG: Final = "config"
OFF: Final = "off"

_ADDRESS: Final = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9.-]{1,253})):([0-9]{1,5})")
_HOST: Final = re.compile(r"[A-Za-z0-9.:\[\]-]{1,253}")
_YES: Final = frozenset({"1", "true", "yes", "on"})
_NO: Final = frozenset({"0", "false", "no", "off"})
_LAST_PORT: Final = 65_535
_LONGEST_DEADLINE: Final = 86_400
_HIGHEST_RATE: Final = 1_000_000

Read = Callable[[str, str], Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Parameters
    ----------
    name
        What it is called in a file; its flag and its variable follow from it.
    read
        From what is written, and what messages call it, to its value.
    kind
        What is written, in a word.
    default
        What is taken if nothing is written; None for nothing.
    help
        What it does.
    required
        Whether there is no default and something has to be written.
    switch
        Whether it is on or off: its flag takes no value.
    api
        Which of ``ApiOptions`` it is; None if it is one of ``Options``.
    """

    name: str
    read: Read
    kind: str
    default: str | None
    help: str
    required: bool = False
    switch: bool = False
    api: str | None = None

    @property
    def flag(self) -> str:
        """What it is called on the command line."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def variable(self) -> str:
        """What it is called in the environment."""
        return f"{PREFIX}{self.name.upper()}"


@dataclass(frozen=True, slots=True)
class Secret:
    """A setting that is nowhere but in the environment."""

    variable: str
    help: str


def _url(text: str, option: str) -> str:
    read_endpoint(text, option)
    return text


def _path(text: str, option: str) -> Path:
    if not text or "\0" in text:
        raise InputError(f"{option}: not a path (was {text!r})", hint="name a file")
    return Path(text)


def _choice(*choices: str) -> Read:
    def read(text: str, option: str) -> str:
        if text not in choices:
            raise InputError(
                f"{option}: no such choice (was {text!r})", hint=f"give {' or '.join(choices)}"
            )
        return text

    return read


def _whole(low: int, high: int) -> Read:
    return lambda text, option: whole(text, option, low, high)


def _switch(text: str, option: str) -> bool:
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise InputError(f"{option}: neither on nor off (was {text!r})", hint="give true or false")


def _deadline(text: str, option: str) -> float:
    found = amount(text.removesuffix("s"), option)
    if not 0 < found <= _LONGEST_DEADLINE:
        raise InputError(
            f"{option}: not a time to answer in (was {text!r})",
            hint=f"give seconds above 0 and up to {_LONGEST_DEADLINE:,}",
        )
    return found


def _stall(text: str, option: str) -> float:
    found = seconds(text, option)
    if not found:
        raise InputError(
            f"{option}: no time at all (was {text!r})", hint="give one such as 60s or 1500ms"
        )
    return found


def _leap(text: str, option: str) -> int | None:
    return None if text == OFF else span(text, option)


def _listen(text: str, option: str) -> tuple[str, int] | None:
    if text == OFF:
        return None
    found = _ADDRESS.fullmatch(text)
    if not found or int(found[3]) > _LAST_PORT:
        raise InputError(
            f"{option}: not an address to listen on (was {text!r})",
            hint="give one such as 127.0.0.1:8000 or [::1]:8000, where port 0 takes a free one, or "
            f"{OFF}",
        )
    return found[1] or found[2], int(found[3])


def _hosts(text: str, option: str) -> tuple[str, ...]:
    found = tuple(filter(None, (name.strip() for name in text.split(","))))
    for name in found:
        if not _HOST.fullmatch(name):
            raise InputError(
                f"{option}: not a host's name (was {name!r})",
                hint="give names such as scorer.example.org, with commas",
            )
    return found


def _rate(text: str, option: str) -> float:
    found = amount(text, option)
    if not 0 < found <= _HIGHEST_RATE:
        raise InputError(
            f"{option}: not so many a second (was {text!r})",
            hint=f"give a number above 0 and up to {_HIGHEST_RATE:,}",
        )
    return found


SETTINGS: Final[tuple[Setting, ...]] = (
    Setting("stream", _url, "URL", None, "the stream of transactions", required=True),
    Setting("flag", _url, "URL", None, "where flags are posted", required=True),
    Setting(
        "run",
        _path,
        "DIR",
        "runs/current",
        "the run that decides; another one that comes to be there is taken up",
    ),
    Setting("ledger", _path, "FILE", "live.db", "the ledger; snapshots are kept beside it"),
    Setting(
        "state",
        _path,
        "FILE",
        None,
        "online state of a first start, as engine.build --state makes it",
    ),
    Setting("warm", _path, "FILE", None, "log to compute the online state of a first start from"),
    Setting(
        "accept_gap",
        _switch,
        "on/off",
        "off",
        "go on though events that the state lacks were removed from the ledger",
        switch=True,
    ),
    Setting(
        "deadline", _deadline, "SECONDS", "30", "time to answer an event in, from when it has come"
    ),
    Setting(
        "post", _choice("all", "fraud"), "all/fraud", "all", "which decisions are posted as flags"
    ),
    Setting(
        "fallback",
        _whole(0, 1),
        "0/1",
        "0",
        "what is decided on an event that the model cannot score",
    ),
    Setting("ca_file", _path, "FILE", None, "certificates to trust, and no others"),
    Setting(
        "insecure", _switch, "on/off", "off", "trust whatever certificate is shown", switch=True
    ),
    Setting(
        "listen",
        _listen,
        "HOST:PORT",
        "127.0.0.1:8000",
        "where the API listens, or off; beyond this machine only with a token",
    ),
    Setting(
        "leap",
        _leap,
        "SPAN",
        "7d",
        "how far an event's clock may be off the stream's and be believed, or off",
    ),
    Setting("stall", _stall, "SPAN", "60s", "a stream without a byte for so long is opened again"),
    Setting(
        "queue",
        _whole(1, 10_000_000),
        "N",
        "20000",
        "events that may wait to be decided on; the stream has to wait beyond that",
    ),
    Setting("batch", _whole(1, 10_000), "N", "512", "events that are decided on at once, at most"),
    Setting("connections", _whole(1, 1_000), "N", "64", "connections that flags are posted over"),
    Setting(
        "snapshot_every",
        _whole(1_000, 1_000_000_000),
        "N",
        "100000",
        "events from one snapshot of the online state to the next",
    ),
    Setting(
        "reasons", _whole(0, 100), "N", "3", "reasons that a flagged event gets, after its flag"
    ),
    Setting(
        "grace",
        seconds,
        "SPAN",
        "30s",
        "time to decide and post what has come when it is asked to stop",
    ),
    Setting(
        "api_hosts",
        _hosts,
        "NAMES",
        "",
        "further names, with commas, that the API may be called by where no token is needed",
        api="hosts",
    ),
    Setting(
        "api_rate",
        _rate,
        "R",
        "1000",
        "events, or other requests, that the API answers a client in a second",
        api="rate",
    ),
    Setting("api_burst", _whole(1, 1_000_000), "N", "2000", "the same at once", api="burst"),
    Setting(
        "api_events",
        _whole(1, 100_000),
        "N",
        "500",
        "events that a request to the API may hold; no more than --api-burst",
        api="most_events",
    ),
    Setting(
        "api_bytes",
        _whole(1_000, 1_000_000_000),
        "N",
        "1048576",
        "bytes that a request to the API may hold",
        api="most_body_bytes",
    ),
    Setting(
        "api_patience",
        seconds,
        "SPAN",
        "10s",
        "time for a request to come whole, and then to be answered in",
        api="patience",
    ),
    Setting(
        "api_connections",
        _whole(1, 10_000),
        "N",
        "128",
        "connections that the API has at a time",
        api="most_connections",
    ),
    Setting(
        "api_streams",
        _whole(0, 10_000),
        "N",
        "16",
        "how many of them may watch decisions",
        api="most_streams",
    ),
)
BY_NAME: Final = {setting.name: setting for setting in SETTINGS}
SECRETS: Final = (
    Secret(KEY_VARIABLE, "the key of the stream and of the endpoint for flags; required"),
    Secret(TOKEN_VARIABLE, "what has to be shown to the API; required beyond this machine"),
)


def settings_table() -> str:
    """Markdown: a row for each setting."""
    return "\n".join(_rows())


def with_table(text: str) -> str:
    """A text with the table between its marks.

    Raises
    ------
    InputError
        If the marks are not there, once each and in order.
    """
    return between_marks(text, BEGIN, END, settings_table(), "the table of settings")


def _rows() -> Iterator[str]:
    yield "| flag | variable | in a file | value | default | what it is |"
    yield "| --- | --- | --- | --- | --- | --- |"
    yield (
        f"| `--{CONFIG}` | `{PREFIX}{CONFIG.upper()}` | | FILE | | a TOML file of settings, "
        "by the names of the third column |"
    )
    for one in SETTINGS:
        default = "required" if one.required else "" if one.default is None else f"`{one.default}`"
        cells = (f"`{one.flag}`", f"`{one.variable}`", f"`{one.name}`", one.kind, default, one.help)
        yield f"| {' | '.join(cells)} |"
    for secret in SECRETS:
        yield f"| | `{secret.variable}` | | | | {secret.help} |"


def main(argv: Sequence[str] | None = None) -> int:
    """Write the table into a file and return an exit code."""
    return rewrite_command(
        argv,
        "python -m engine.live.settings",
        "Write the settings of the live scorer into FILE, between its marks.",
        with_table,
    )


if __name__ == "__main__":
    sys.exit(main())
