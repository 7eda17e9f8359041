"""Where the API listens, who may ask, and how much."""

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final

from engine.errors import InputError

TOKEN_VARIABLE: Final = "SENTINELPOS_TOKEN"  # noqa: S105 - its name

_TOKEN: Final = re.compile(r"[!-~]{16,200}")


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """How the API is served.

    Parameters
    ----------
    host, port
        Where it listens; 0 is a port that the system chooses.
    token
        What has to be known to ask anything but /health; None on loopback alone.
    hosts
        By what further names it may be called where there is no token.
    most_body_bytes, most_events
        How large a request's body may be, and how many events it may hold.
    rate, burst
        How many events or other requests a client may have answered a second, and at once.
    patience
        Seconds within which a body has to be there, and then an answer.
    most_connections, most_streams
        How many there may be at a time; a stream is a connection too.
    tick, heartbeat
        How often a stream sends what is new, and after which silence a sign of life, in seconds.
    silence
        Seconds that a connection may take to say what it wants, or to take what it is sent.
    grace
        Seconds that answers under way may take when it stops.

    Raises
    ------
    InputError
        If others could ask without a token, or the token is none.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token: str | None = field(default=None, repr=False)
    hosts: tuple[str, ...] = ()
    most_body_bytes: int = 1_048_576
    most_events: int = 500
    rate: float = 1_000.0
    burst: int = 2_000
    patience: float = 10.0
    most_connections: int = 128
    most_streams: int = 16
    tick: float = 0.1
    heartbeat: float = 10.0
    silence: float = 15.0
    grace: int = 2

    def __post_init__(self) -> None:
        if self.token is None and not self.is_local:
            raise InputError(
                f"--listen: others could ask there without a token (was {self.host!r})",
                hint=f"export {TOKEN_VARIABLE}=$(openssl rand -hex 16), or listen on 127.0.0.1",
            )
        if self.token is not None and not _TOKEN.fullmatch(self.token):
            raise InputError(
                f"{TOKEN_VARIABLE}: not a token of 16 to 200 visible ASCII characters "
                f"(was {len(self.token):,} characters)",
                hint=f"export {TOKEN_VARIABLE}=$(openssl rand -hex 16), or unset it",
            )
        if self.burst < self.most_events:
            raise InputError(
                f"--api-burst: a request of {self.most_events:,} events would never be answered "
                f"(was {self.burst:,})",
                hint="allow as many at once as a request may hold, or lower --api-events",
            )

    @property
    def is_local(self) -> bool:
        """Whether nobody but this machine can connect."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"
