"""Whoever serves the scorer to people, as the scorer sees it."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, Self

from engine.live.service import Service


class Server(Protocol):
    """Serves while its block lasts."""

    async def ended(self) -> None:
        """Wait until it serves no more, though its block has not ended.

        Raises
        ------
        SentinelError
            Saying so.
        """
        ...


Serve = Callable[[Service], AbstractAsyncContextManager[Server]]


class Nothing(AbstractAsyncContextManager["Nothing"]):
    """Serves nothing."""

    def __init__(self, _service: Service) -> None:
        pass

    async def ended(self) -> None:
        """Wait for ever."""
        await asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(self, *_error: object) -> None:
        """End."""
