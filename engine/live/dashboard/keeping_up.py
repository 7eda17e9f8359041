"""A board in a thread of its own, and what is new on it for all who watch."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeVar

from polars.exceptions import PanicException

from engine.clock import wall_us
from engine.errors import OutputError, SentinelError
from engine.live.api.refusals import encode
from engine.live.board.rows import MOST_ALERTS, Query
from engine.live.dashboard.boards import Board
from engine.live.notices import Log

Result = TypeVar("Result")
MakeBoard = Callable[[], Board]

_KEPT: Final = 30


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the board is looked at, in seconds.

    Parameters
    ----------
    watched
        While somebody watches.
    alone
        While nobody does: it keeps up, so that the next one who comes sees all of it at once.
    anew
        Before it is begun anew, after a defect.
    """

    watched: float = 0.5
    alone: float = 5.0
    anew: float = 60.0


class Round(NamedTuple):
    """What was new when the board was looked at.

    Parameters
    ----------
    number
        Counted from 1.
    picture
        As JSON.
    alerts
        New ones and those that have changed, the newest first, as a JSON list; None if none.
    is_gap
        Whether there may have been more than these.
    """

    number: int
    picture: bytes
    alerts: bytes | None
    is_gap: bool


class KeepingUp:
    """Has a board keep up, and tells who watches what is new: read once, whoever watches.

    Parameters
    ----------
    make
        Makes the board, in its thread.
    log
        Is told if it cannot keep up, and when it can again.
    pace
        How often it is looked at.

    Attributes
    ----------
    ended
        Whether there will be nothing more.
    ledger
        When the ledger was begun, in microseconds; None until the board is there.
    trouble
        Why it cannot keep up; None if it can.
    watchers
        How many watch.
    """

    def __init__(self, make: MakeBoard, log: Log, pace: Pace | None = None) -> None:
        self.ended = False
        self.ledger: int | None = None
        self.trouble: str | None = None
        self.watchers = 0
        self._make = make
        self._log = log
        self._pace = Pace() if pace is None else pace
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="board")
        self._board: Board | None = None  # of the thread
        self._newest = -1  # of the thread: the sequence of the newest alert that was told
        self._rounds: deque[Round] = deque(maxlen=_KEPT)
        self._count = 0
        self._keeping: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self._turn = asyncio.Event()

    def start(self) -> None:
        """Begin to keep up."""
        if self._keeping is None and not self.ended:
            self._keeping = asyncio.get_running_loop().create_task(self._keep())

    async def close(self) -> None:
        """End; who watches sees the end of it."""
        self.ended = True
        self._turn.set()
        if self._keeping is not None:
            self._keeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeping
        await asyncio.wrap_future(self._pool.submit(self._leave))
        self._pool.shutdown(wait=False)

    async def ask(self, question: Callable[[Board], Result]) -> Result:
        """Ask the board, after what it is at.

        Raises
        ------
        SentinelError
            If it cannot be asked now.
        """
        if self.ended:
            raise OutputError("the scorer stops (was asked to)", hint="ask again when it runs")
        self.start()
        return await asyncio.wrap_future(self._pool.submit(lambda: question(self._there())))

    def join(self) -> int:
        """One more watches, and is told its place: before the latest round, unless that is old."""
        self.watchers += 1
        self.start()
        if self.watchers == 1:
            self._hurry.set()
            return self._count
        return max(0, self._count - 1)

    def leave(self) -> None:
        """One less watches."""
        self.watchers -= 1

    async def rounds(self, place: int, patience: float) -> tuple[list[Round], bool]:
        """The rounds after a place, once there are any, and whether there were more.

        Parameters
        ----------
        place
            Of the last round that was seen.
        patience
            Seconds after which there are none, as once it has ended.
        """
        if self._count <= place and not self.ended:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._turn.wait(), patience)
        found = [one for one in self._rounds if one.number > place]
        return found, bool(found) and found[0].number > place + 1

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            more = False
            try:
                more, found = await loop.run_in_executor(self._pool, self._round, self.watchers > 0)
            except SentinelError as error:
                self._say(error.what, error.hint)
            except (Exception, PanicException) as error:  # noqa: BLE001 - a defect of the board stops no scorer
                self._say(type(error).__name__, "this is a defect; the scorer goes on")
                # What it was at may have been half done: it is begun anew, after a while.
                await loop.run_in_executor(self._pool, self._leave)
                await asyncio.sleep(self._pace.anew)
            else:
                self._say(None, "")
                if found is not None:
                    self._publish(*found)
            self._hurry.clear()
            if not more:
                pause = self._pace.watched if self.watchers else self._pace.alone
                with suppress(TimeoutError):
                    # Who comes while nobody watches is not kept waiting.
                    await asyncio.wait_for(self._hurry.wait(), pause)

    def _publish(self, picture: bytes, alerts: bytes | None, is_gap: bool) -> None:  # noqa: FBT001 - a value
        self._count += 1
        self._rounds.append(Round(self._count, picture, alerts, is_gap))
        turn, self._turn = self._turn, asyncio.Event()
        turn.set()

    def _say(self, trouble: str | None, hint: str) -> None:
        if trouble == self.trouble:
            return
        if trouble is None:
            self._log.info("dashboard: well again")
        else:
            self._log.warning("dashboard: cannot keep up", why=trouble, hint=hint)
        self.trouble = trouble

    def _there(self) -> Board:
        if self._board is None:
            self._board = self._make()
            self.ledger = self._board.began
        return self._board

    def _round(self, is_watched: bool) -> "tuple[bool, tuple[bytes, bytes | None, bool] | None]":  # noqa: FBT001 - a value
        board = self._there()
        more = board.catch_up()
        changed = board.changed()  # or it would keep them for as long as nobody watches
        if not is_watched:
            return more, None
        picture = encode(board.picture(wall_us()))
        new = board.alerts(Query(after=self._newest))
        # Those that have changed may be too old to be among the newest: pages hold many.
        told = [*new, *(one for one in changed if one.sequence <= self._newest)]
        self._newest = new[0].sequence if new else self._newest
        # As many as are asked for: there may have been more.
        return more, (picture, encode(told) if told else None, len(new) >= MOST_ALERTS)

    def _leave(self) -> None:
        if self._board is not None:
            board, self._board = self._board, None
            with suppress(SentinelError):  # it was only read
                board.close()
