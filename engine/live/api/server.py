"""Serves the API in the loop of whoever starts it."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

import uvicorn

from engine.errors import InputError, OutputError
from engine.live.api.app import make_app
from engine.live.api.connection import connections, end_all
from engine.live.api.feed import Feed
from engine.live.api.options import ApiOptions
from engine.live.dashboard.routes import Dashboard
from engine.live.metrics import Metrics
from engine.live.notices import Log, Silent
from engine.live.service import Service


class _Quiet(uvicorn.Server):
    """A server that leaves signals to the process it is a part of."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


class ApiServer:
    """The API, listening.

    Parameters
    ----------
    service
        Who decides.
    options
        Where it listens, who may ask, and how much.
    metrics
        What /metrics tells; None for one of its own.
    log
        Is told when it listens and when it has stopped, and of requests that fail.
    dashboard
        What its pages show, which ends with it; None for no pages.

    Attributes
    ----------
    port
        Where it listens, once it does.
    """

    def __init__(
        self,
        service: Service,
        options: ApiOptions,
        metrics: Metrics | None = None,
        log: Log | None = None,
        dashboard: Dashboard | None = None,
    ) -> None:
        self.port = options.port
        self._dashboard = dashboard
        self._options = options
        self._log = Silent() if log is None else log
        self._feed = Feed(service)
        app = make_app(
            service,
            options,
            metrics=Metrics() if metrics is None else metrics,
            log=self._log,
            feed=self._feed,
            dashboard=dashboard,
        )
        self._server = _Quiet(
            uvicorn.Config(
                app,
                http=connections(options),
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                # Nobody but who connects says who that is.
                proxy_headers=False,
                timeout_keep_alive=int(options.silence),
                timeout_graceful_shutdown=options.grace,
                h11_max_incomplete_event_size=16_384,
            )
        )
        self._serving: asyncio.Task[None] | None = None

    def start(self) -> int:
        """Listen, and return the port: what connects from now on is answered when there is time.

        Raises
        ------
        InputError
            If it cannot listen there.
        """
        listening = _listen(self._options)
        self.port = listening.getsockname()[1]
        self._serving = asyncio.create_task(self._server.serve(sockets=[listening]))
        if self._dashboard is not None:
            self._dashboard.board.start()
        self._log.info(
            "the API listens",
            host=self._options.host,
            port=self.port,
            token="needed" if self._options.token else "not needed",
        )
        return self.port

    async def ended(self) -> None:
        """Wait until it serves no more, though nobody has stopped it.

        Raises
        ------
        OutputError
            Saying so.
        """
        if self._serving is not None:
            await asyncio.wait((self._serving,))
            raise OutputError(
                f"the API has ended by itself (was: {_end_of(self._serving)})",
                hint="start the scorer again; what has come is recorded",
            )

    async def stop(self) -> None:
        """Take no more requests, end streams, and give answers under way a moment.

        Whoever stops the scorer stops this first: what is under way may still be decided then.
        """
        self._feed.close()
        if self._dashboard is not None:
            self._dashboard.made.close()
            await self._dashboard.board.close()
        if self._serving is None:
            return
        self._server.should_exit = True
        found = self._server.server_state.connections
        end_all(found, lambda connection: connection.is_stuck)
        await asyncio.wait((self._serving,))
        end_all(found, lambda _connection: True)
        self._serving = None
        self._log.info("the API has stopped")

    async def __aenter__(self) -> Self:
        """Start."""
        self.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Stop."""
        await self.stop()


def _end_of(serving: "asyncio.Task[None]") -> str:
    if serving.cancelled():
        return "cancelled"
    error = serving.exception()
    return "without a word" if error is None else f"{type(error).__name__}: {error}"


def _listen(options: ApiOptions) -> socket.socket:
    """A socket that listens; uvicorn would end the process if it cannot."""
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    try:
        return socket.create_server(
            (options.host, options.port), family=family, backlog=options.most_connections
        )
    except OSError as error:
        raise InputError(
            f"--listen: cannot listen on {options.host} port {options.port} "
            f"(was: {error.strerror or error})",
            hint="give another port, or end what listens there; port 0 takes a free one",
        ) from error
