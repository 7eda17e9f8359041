"""Connections, each bounded in what it may hold and for how long."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

from engine.live.api.options import ApiOptions


class Connection(H11Protocol):
    """uvicorn's connection, with the bounds that it has not.

    uvicorn would wait for ever for the first byte of a request, for the rest of its head, and for
    a client to take its answer, and it takes as many connections as there are: enough of them and
    the scorer itself could open no more files. h11 and not the faster httptools, as that one reads
    heads of any length.
    """

    bounds: ApiOptions  # set by ``connections``
    _waiting: asyncio.TimerHandle | None = None
    _stuck: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """Take a connection, or end it if there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self.bounds.most_connections:
            transport.abort()
            return
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        for timer in (self._waiting, self._stuck):
            if timer is not None:
                timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Take bytes; those that begin no request end the wait for one as little as silence."""
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before and self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def on_response_complete(self) -> None:
        """An answer was sent: the next request is waited for."""
        self._wait()
        super().on_response_complete()
        if not self.cycle.response_complete and self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def pause_writing(self) -> None:
        """The client takes nothing at the moment."""
        super().pause_writing()
        if self._stuck is None:
            self._stuck = self.loop.call_later(self.bounds.silence, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has taken something."""
        super().resume_writing()
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    @property
    def is_stuck(self) -> bool:
        """Whether the client takes nothing at the moment."""
        return self._stuck is not None

    def _wait(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
        self._waiting = self.loop.call_later(self.bounds.silence, self.transport.abort)


def connections(options: ApiOptions) -> type[asyncio.Protocol]:
    """The class of a server's connections, which uvicorn wants instead of a function."""
    return cast("type[asyncio.Protocol]", type("Bounded", (Connection,), {"bounds": options}))


def end_all(found: Any, which: Callable[[Connection], bool]) -> None:  # noqa: ANN401 - of many protocols
    """End those of a server's connections that a test picks."""
    for connection in list(found):
        if isinstance(connection, Connection) and which(connection):
            connection.transport.abort()
