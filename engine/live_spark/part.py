"""A part of the state: the cards of one bucket, in the online backend's own state objects."""

from typing import Any

import msgspec

from engine.backends.online.engine import OnlineFeatures
from engine.backends.online.snapshot import capture, revive
from engine.backends.online.state import state_bytes, state_of_bytes
from engine.definition import FeatureSet
from engine.live_spark.orders import Followed, Kind, Order, Row, instant, or_never, read_followed

Features = tuple[Any, ...]


class _Whole(msgspec.Struct, array_like=True):
    """A part, as bytes."""

    epoch: int
    state: bytes


class Part:
    """Follows orders, and has what a single running set of all events would have of its cards.

    A running set knows three things of other cards than an event's own: which ids came before, how
    far the stream has come, and whether a clock is believed. The orders tell all of them: ids are
    not remembered here, the watermark is set before each event, and every clock is believed.

    Parameters
    ----------
    features
        The feature set.
    lateness
        As for ``OnlineFeatures``.
    """

    def __init__(self, features: FeatureSet, *, lateness: int) -> None:
        self._features = features
        self._lateness = lateness
        self._epoch = 0
        self._online = self._anew()
        self._nothing = self._anew()

    @property
    def keys_held(self) -> int:
        """How many keys have a state."""
        return self._online.keys_held

    def follow(self, order: Order) -> Features | None:
        """The features of an event, which becomes history or not; None if nobody asks for them."""
        if order.kind is Kind.REFUSED or order.row is None:
            return None
        if order.kind is Kind.ALONE:
            return self._nothing.read_row(order.row)
        return self._observe(order.epoch, order.watermark, order.row)

    @staticmethod
    def followed(order: Order) -> Followed | None:
        """What of an order has to be kept, for ``repeat``; None if it changes nothing."""
        if order.row is None or order.kind not in {Kind.SCORED, Kind.HISTORY}:
            return None
        return int(order.kind), order.epoch, instant(order.watermark), order.row

    def repeat(self, entry: bytes) -> None:
        """Follow orders again that were followed before."""
        for _, epoch, watermark, row in read_followed(entry):
            # What failed then fails now, and has changed as much.
            try:
                self._observe(epoch, or_never(watermark), row)
            except Exception:  # noqa: BLE001, S112 - whoever followed it has told
                continue

    def whole(self) -> bytes:
        """All that is to be kept, see ``restore``."""
        state = state_bytes(self._features, capture(self._online))
        return msgspec.msgpack.encode(_Whole(self._epoch, state))

    def restore(self, whole: bytes) -> None:
        """Be what another was."""
        kept = msgspec.msgpack.decode(whole, type=_Whole)
        state = state_of_bytes(self._features, kept.state, called="a part of the state")
        self._online, self._epoch = revive(self._features, state), kept.epoch

    @staticmethod
    def begun(state: bytes) -> bytes:
        """What ``restore`` takes, of a state in the file's bytes."""
        return msgspec.msgpack.encode(_Whole(0, state))

    def _observe(self, epoch: int, watermark: int, row: Row) -> Features | None:
        if epoch != self._epoch:
            self._online, self._epoch = self._anew(), epoch
        online = self._online
        online.watermark = watermark
        try:
            return online.observe_row(row)
        finally:
            # Whoever gives the orders remembers ids, for as long as there is need to.
            online.recent.discard(row[0])

    def _anew(self) -> OnlineFeatures:
        return OnlineFeatures(self._features, lateness=self._lateness)
