"""Posting flags over a few connections that are kept: the seam, and what stands behind it.

Why by hand: what a flag costs here has to leave room for reading, scoring and recording on the same
core at 10,000 events/s. Processor time of the client alone for 50,000 flags to ``replay.judge`` on
loopback (httpx: 5,000; aiohttp: 20,000), all with uvloop, in µs a flag:

================================================  =======  =======  =======
connections                                             1       16       64
================================================  =======  =======  =======
httpx 0.28, as many tasks as connections            1,340    2,693    3,912
aiohttp 3.14, the same                                242      169      179
this, with backlog, retries and replies                38       36       35
bytes in and out, nothing read or checked               -       17       16
================================================  =======  =======  =======

httpx looks through its whole pool for each request (encode/httpx #3215), hence the growth. With a
redirect, a proxy, a cookie or a second host to think of, this would not be the right trade.
"""

import ssl
from dataclasses import dataclass, field
from json.encoder import encode_basestring_ascii
from typing import Final, Protocol

from engine.clock import elapsed
from engine.live.connection import Connection, Done, Posts
from engine.live.endpoint import Endpoint
from engine.live.flag import Flag
from engine.live.tls import client_tls

_TOGETHER: Final = 8
_ALONE_SECONDS: Final = 60.0


class FlagClient(Protocol):
    """Posts flags, some together, as many times as it has room for."""

    @property
    def room(self) -> int:
        """How many times flags may be posted now."""
        ...

    @property
    def together(self) -> int:
        """How many flags may be posted at one time."""
        ...

    def post(self, posts: Posts, done: Done) -> None:
        """Post flags.

        Parameters
        ----------
        posts
            The flags, at least one, each with until when it has to be answered, by
            :func:`engine.clock.elapsed`: if it is not, all that are not have failed then.
        done
            Is told the answers, once for each and of some at a time, and not before this has
            returned.
        """
        ...

    def close(self) -> None:
        """End all connections; of what is under way nothing is told any more."""
        ...


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """Where flags go.

    Parameters
    ----------
    endpoint, key
        Where it is, and what ``X-API-Key`` says.
    tls
        Whom to trust there; None for whom this machine trusts.
    connections
        How many there may be. They are made as they are needed.
    """

    endpoint: Endpoint
    key: str = field(repr=False)
    tls: ssl.SSLContext | None = None
    connections: int = 64


class HttpClient:
    """A client of one endpoint, and of nothing else: HTTP/1.1 over connections that are kept.

    Where more flags wait than there are connections, some go together on each: their requests
    follow one another at once, and the replies come in their order (pipelining, RFC 9112, 9.3.2). A
    flag that is posted twice does no harm, hence none that is cut off there. Nor is it done before
    a connection has been kept once, and for a while after one was cut off with several under way.

    Parameters
    ----------
    options
        Where flags go.
    """

    def __init__(self, options: ClientOptions) -> None:
        self._endpoint = options.endpoint
        self._tls: ssl.SSLContext | None = None
        if options.endpoint.secure:
            self._tls = options.tls or client_tls(None, insecure=False)
        self._most = options.connections
        self._idle: list[Connection] = []  # the last one that was used is used first
        self._keeps = False  # whether the other side has ever kept a connection
        self._alone_until = 0.0
        self._all: set[Connection] = set()
        self._head = (
            f"POST {options.endpoint.target} HTTP/1.1\r\n"
            f"Host: {options.endpoint.authority}\r\n"
            f"X-API-Key: {options.key}\r\n"
            "User-Agent: sentinelpos\r\n"
            "Accept: application/json\r\n"
            "Accept-Encoding: identity\r\n"
            "Content-Type: application/json\r\n"
            "Content-Length: "
        )

    @property
    def room(self) -> int:
        """How many flags may be posted now."""
        return self._most - len(self._all) + len(self._idle)

    @property
    def together(self) -> int:
        """How many flags may be posted at one time."""
        return _TOGETHER if self._keeps and elapsed() >= self._alone_until else 1

    @property
    def open(self) -> int:
        """How many connections there are."""
        return len(self._all)

    def post(self, posts: Posts, done: Done) -> None:
        """Post flags; see ``FlagClient``."""
        if self._idle:
            connection = self._idle.pop()
        else:
            connection = Connection(self._endpoint, self._tls, self._kept, self._over)
            self._all.add(connection)
        request = "".join([self._request_of(flag) for flag, _ in posts]).encode("ascii")
        connection.send(posts, request, done)

    def _request_of(self, flag: Flag) -> str:
        body = f'{{"trans_num":{encode_basestring_ascii(flag.event_id)},"flag_value":{flag.value}}}'
        return f"{self._head}{len(body)}\r\n\r\n{body}"

    def close(self) -> None:
        """End all connections; see ``FlagClient``."""
        for connection in list(self._all):
            connection.abort()

    def _kept(self, connection: Connection) -> None:
        self._keeps = True
        self._idle.append(connection)

    def _over(self, connection: Connection) -> None:
        if connection.cut:
            self._alone_until = elapsed() + _ALONE_SECONDS
        self._all.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
