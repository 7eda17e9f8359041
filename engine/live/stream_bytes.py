"""The bytes of the stream, of one connection after the other."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import httpx

from engine.clock import wall_us
from engine.live.backoff import Backoff, retry_after
from engine.live.endpoint import Endpoint
from engine.live.errors import KEY_REJECTED, KeyRejectedError
from engine.live.sse import MOST_EVENT_BYTES
from engine.live.tls import client_tls

_KIND: Final = "text/event-stream"
_AS_IT_IS: Final = "identity"
_MOST_WORDS: Final = 200
# What ends a connection and is no defect of ours; TimeoutError is an OSError.
_LOSSES: Final = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, ssl.SSLError, OSError)
_NOBODY: Final = "All connection attempts failed"  # of anyio, whatever the reason
STREAM_BACKOFF: Final = Backoff(0.2, 30.0)


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """Where the stream is and how much patience there is with it.

    Parameters
    ----------
    endpoint, key
        Where it is, and what ``X-API-Key`` says.
    tls
        Whom to trust there; None for whom this machine trusts.
    stall
        Seconds without a byte after which the connection is given up.
    patience
        Seconds until a stream has to be open.
    most_bytes
        How large an event may be.
    backoff
        How long to wait before connecting again.
    """

    endpoint: Endpoint
    key: str = field(repr=False)
    tls: ssl.SSLContext | None = None
    stall: float = 60.0
    patience: float = 15.0
    most_bytes: int = MOST_EVENT_BYTES
    backoff: Backoff = STREAM_BACKOFF


class LostError(Exception):
    """The stream ended or never began.

    Parameters
    ----------
    what
        Why.
    told
        The seconds that the other side wants to pass before the next attempt.
    loud
        Whether somebody should look at it: it may never come right by itself.
    """

    def __init__(self, what: str, *, told: float = 0.0, loud: bool = False) -> None:
        super().__init__(what)
        self.told = told
        self.loud = loud


class StreamBytes:
    """Opens a stream and reads it.

    With httpx: a stream is one request, and its ways to be cut and to fail are many. What it costs
    is by the read and by the chunk, not by the byte. Of events that come some hundreds a chunk, as
    at full rate from ``replay.judge``, reading and parsing take 5 µs each; of those in chunks of
    their own 30 µs, and 130 µs if they also come one by one, where there is time for it.

    Parameters
    ----------
    options
        Which stream.
    """

    def __init__(self, options: StreamOptions) -> None:
        self._options = options
        # Once: httpx would read all certificates of the machine for each of its clients.
        self._tls = options.tls or client_tls(None, insecure=False)

    async def connection(
        self, last_id: str, opened: Callable[[], None]
    ) -> AsyncGenerator[bytes, None]:
        """The bytes of one connection as they come, until the other side ends it.

        Parameters
        ----------
        last_id
            After which event to go on; empty for what the other side thinks best.
        opened
            Is called when there is a stream.

        Raises
        ------
        LostError
            If there is none, or no more of it.
        KeyRejectedError
            If the key is not taken.
        """
        options = self._options
        try:
            # A client for each connection: a pool keeps those that a cancelled request leaves
            # (encode/httpcore #658), and there is nothing here to be pooled.
            async with self._client(last_id) as client:
                request = client.build_request("GET", options.endpoint.url)
                # Its own timeouts begin anew with each byte; this one is for the whole head.
                async with asyncio.timeout(options.patience):
                    response = await client.send(request, stream=True)
                try:
                    self._check(response)
                    opened()
                    async for part in response.aiter_raw():
                        yield part
                finally:
                    await response.aclose()
        except httpx.ReadTimeout as error:
            raise LostError(f"no byte for {options.stall:g} s") from error
        except _LOSSES as error:
            raise LostError(_words(error)) from error

    def _client(self, last_id: str) -> httpx.AsyncClient:
        options = self._options
        headers = [
            (b"Accept", _KIND.encode()),
            (b"Accept-Encoding", _AS_IT_IS.encode()),
            (b"Cache-Control", b"no-store"),
            (b"User-Agent", b"sentinelpos"),
            (b"X-API-Key", options.key.encode()),
        ]
        after = last_id.strip(" ").encode()
        if after:
            headers.append((b"Last-Event-ID", after))
        return httpx.AsyncClient(
            headers=headers,
            verify=self._tls,
            # Connecting and greeting take so long each, and so they end before patience does: a
            # greeting that is cancelled from outside leaves its socket open (httpcore 1.0).
            timeout=httpx.Timeout(options.patience / 3, read=options.stall),
            # The key goes where it was told to go: to no proxy, and after no redirect.
            trust_env=False,
            follow_redirects=False,
        )

    def _check(self, response: httpx.Response) -> None:
        status, url = response.status_code, self._options.endpoint.shown
        if status in KEY_REJECTED:
            raise KeyRejectedError(
                f"--stream: the key is not taken at {url} (was answered {status})"
            )
        if status != HTTPStatus.OK:
            raise LostError(
                f"answered {status}",
                told=retry_after(_raw(response, b"retry-after"), wall_us()),
                loud=status < HTTPStatus.INTERNAL_SERVER_ERROR,
            )
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != _KIND:
            raise LostError(f"not a stream of events but {kind[:_MOST_WORDS]!r}", loud=True)
        if response.headers.get("content-encoding", _AS_IT_IS).lower() != _AS_IT_IS:
            raise LostError("the stream is compressed, which was not asked for", loud=True)


def _raw(response: httpx.Response, wanted: bytes) -> bytes | None:
    return next((value for name, value in response.headers.raw if name.lower() == wanted), None)


def _words(error: Exception) -> str:
    """What an error says, in bounds, or what it is if it says nothing."""
    said = str(error)[:_MOST_WORDS]
    if said == _NOBODY:
        return "nobody answers there"
    return said or type(error).__name__
