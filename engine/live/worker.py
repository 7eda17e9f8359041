"""The one thread that decides: it alone has the ledger's writer, the online state and the model."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")


class Worker:
    """Does one thing after the other, in the order in which it is asked to."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="worker")

    def start(
        self, work: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs
    ) -> "asyncio.Future[Result]":
        """Have something done; it is done even if nobody waits for it any more."""
        return asyncio.wrap_future(self._pool.submit(work, *args, **kwargs))

    async def do(
        self, work: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs
    ) -> Result:
        """Have something done, and wait for what comes of it."""
        return await self.start(work, *args, **kwargs)

    def close(self) -> None:
        """End the thread, once it has done what it was asked to."""
        self._pool.shutdown()
