"""The end of a connection whose client is still sending what will not be read.

Closing it at once would have the system answer that with a reset, at which many clients never look
at the reply (RFC 9112, 9.6).
"""

import asyncio
from collections.abc import Callable
from typing import Final

# More than a client that reads no reply before it has sent all is likely to send.
_MOST_DROPPED: Final = 8 * 2**20
_MOST_SECONDS: Final = 2.0


class Leaving(asyncio.Protocol):
    """Drops what comes until the client ends the connection, or has sent or taken too much.

    Parameters
    ----------
    transport
        Of the connection, with the last reply written.
    lost
        Is called when the connection has ended.
    """

    def __init__(
        self, transport: asyncio.Transport, lost: Callable[[Exception | None], None]
    ) -> None:
        self._transport = transport
        self._lost = lost
        self._dropped = 0
        loop = asyncio.get_running_loop()
        self._over = loop.call_later(_MOST_SECONDS, transport.close)
        transport.set_protocol(self)
        if transport.can_write_eof():  # not with TLS
            transport.write_eof()

    def data_received(self, data: bytes) -> None:
        """Drop what came."""
        self._dropped += len(data)
        if self._dropped > _MOST_DROPPED:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """Tell whoever had the connection."""
        self._over.cancel()
        self._lost(error)
