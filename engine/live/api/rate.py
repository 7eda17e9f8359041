"""How much each client may ask: the generic cell rate algorithm. No clock, no network."""

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address
from typing import Final

_MOST_CLIENTS: Final = 4_096
_NETWORK_BITS: Final = 64  # of an IPv6 address: who has one has all of them


class Rate:
    """Lets so much through a second, for each client by itself.

    GCRA is a leaky bucket that keeps one number: when the client would have used up what it was
    given. Of more clients than are kept, the one that has been silent longest is forgotten, and
    might have its burst again: that is what memory without bounds would cost to prevent.

    Parameters
    ----------
    rate
        How much a second.
    burst
        How much at once, after a silence.
    most
        How many clients are kept.
    """

    def __init__(self, rate: float, burst: float, most: int = _MOST_CLIENTS) -> None:
        self._each = 1.0 / rate
        self._span = burst / rate
        self._most = most
        self._used_up_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._used_up_at)

    def wait(self, client: str, cost: float, now: float) -> float:
        """How many seconds too early a request is; 0 if it is let through, and counted.

        Parameters
        ----------
        client
            Whose.
        cost
            What it counts for; more than ``burst`` is never let through.
        now
            By :func:`engine.clock.elapsed`.
        """
        known = self._used_up_at
        used_up_at = max(known.get(client, now), now) + cost * self._each
        early = used_up_at - now - self._span
        if early > 0.0:
            if client in known:  # it has not been silent
                known.move_to_end(client)
            return early
        known[client] = used_up_at
        known.move_to_end(client)
        if len(known) > self._most:
            known.popitem(last=False)
        return 0.0


def client_of(address: str) -> str:
    """Whom an address belongs to: itself, or its network where a client has many."""
    if ":" not in address:
        return address
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return f"{int(found) >> (128 - _NETWORK_BITS):x}"
