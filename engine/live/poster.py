"""Posting flags: the earliest deadline first, again and again until it is answered or too late."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

from engine.clock import elapsed, wall_us
from engine.errors import SentinelError
from engine.live.backlog import Backlog
from engine.live.backoff import retry_after
from engine.live.client import FlagClient
from engine.live.connection import Answer, Failure
from engine.live.flag import Flag, Outcome, Reply
from engine.live.http import Response
from engine.live.notices import Log, Silent
from engine.live.outbox import Outbox, Sink
from engine.live.posting import PosterFigures, PosterOptions
from engine.live.reach import Reach
from engine.live.rejections import Rejections
from engine.live.verdict import verdict

Load = Callable[[int, int], Awaitable[Sequence[Flag]]]

# The members of an enumeration are found by a search in Python 3.11.
_RECORDED: Final = Outcome.RECORDED
_REFUSED: Final = Outcome.REFUSED
_LOAD_AGAIN_SECONDS: Final = 1.0


class Poster:
    """Posts flags until they are answered for good or have expired, and tells every reply.

    A flag's value is the one that it came with. No attempt outlasts a deadline, and none begins
    after it. Make it where its loop runs.

    Parameters
    ----------
    client
        Posts one flag.
    sink
        Takes the replies.
    load
        Loads flags that are pending in the ledger: after a sequence, how many at most, in order. If
        there is one, all that is pending is loaded to begin with. If there is none, all flags are
        kept in memory.
    options
        How much patience there is.
    log
        Is told when the endpoint cannot be reached, not of flags.

    Attributes
    ----------
    figures
        For whoever watches.
    """

    def __init__(
        self,
        client: FlagClient,
        sink: Sink,
        load: Load | None = None,
        options: PosterOptions | None = None,
        log: Log | None = None,
    ) -> None:
        self.figures = PosterFigures()
        self._client = client
        self._load = load
        self._options = PosterOptions() if options is None else options
        self._log = Silent() if log is None else log
        most = sys.maxsize if load is None else self._options.most
        self._backlog = Backlog(most, behind=load is not None)
        self._outbox = Outbox(sink, self._log)
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._stopped = False
        self._rejections = Rejections()
        self._rejected: asyncio.Future[None] = self._loop.create_future()
        self._reach = Reach(self._options.cut_off, self._log)
        self._low = asyncio.Event()  # set when flags may be loaded
        self._settled = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many flags are in memory and not under way."""
        return len(self._backlog)

    @property
    def behind(self) -> bool:
        """Whether there are pending flags in the ledger alone."""
        return self._backlog.behind

    def add(self, flags: Sequence[Flag]) -> None:
        """Post flags that were recorded, in the order of their sequences, unless it has ended."""
        if self._stopped:
            return
        self._settled.clear()
        self._backlog.add(flags)
        self._go_on()

    def adopt(self, flags: Sequence[Flag]) -> None:
        """Post flags of decisions that are older than others of those that were added."""
        if flags and not self._stopped:
            self._settled.clear()
            self._backlog.adopt(flags)
            self._go_on()

    async def run(self) -> None:
        """Post what is added, for ever; cancel it to stop.

        However it ends, all replies that there are have been handed to the sink then.

        Raises
        ------
        KeyRejectedError
            If the key is not taken, again and again.
        """
        recording = self._loop.create_task(self._outbox.run())
        loading = self._loop.create_task(self._loading())
        try:
            self._go_on()
            parts = (recording, loading, self._rejected)
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in done:
                part.result()
        finally:
            self._stop()
            loading.cancel()
            self._outbox.close()
            await asyncio.wait((recording, loading))
            recording.result()

    async def drain(self, until: float) -> bool:
        """Wait until all is answered for good or has expired, or it is too late.

        Parameters
        ----------
        until
            How long, by :func:`engine.clock.elapsed`.

        Returns
        -------
        bool
            Whether nothing is left to be posted; what is left is pending in the ledger.
        """
        self._look()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, until - elapsed())):
                await self._settled.wait()
        return self._nothing_left()

    def _nothing_left(self) -> bool:
        backlog = self._backlog
        return not (backlog.behind or self.figures.under_way or len(backlog))

    def _stop(self) -> None:
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        self._client.close()
        self._settled.set()  # nobody need wait any longer

    def _go_on(self) -> None:
        """Post what can be posted, and see to it that the rest is when it can be."""
        now = elapsed()
        self._pump(now)
        self._wait(now)

    def _pump(self, now: float) -> None:
        """Post what can be posted; what is left has no earlier time than before."""
        if self._stopped:
            return
        client, figures = self._client, self.figures
        room = self._reach.room(now, client.room, figures.under_way)
        if room > 0:
            self._post(self._taken(now, room * self._reach.together(client.together)), room, now)
        if not figures.under_way or self._backlog.behind:
            self._look()

    def _taken(self, now: float, most: int) -> list[Flag]:
        """The next flags to be posted; those whose deadline has come are told to have expired."""
        taken: list[Flag] = []
        while len(taken) < most:
            flag = self._backlog.take(now)
            if flag is None:
                break
            if flag.deadline <= now:
                self._expire(flag, now)
            else:
                taken.append(flag)
        return taken

    def _post(self, flags: Sequence[Flag], room: int, now: float) -> None:
        """Post flags, each by itself if there is room for that, else as few together as can be."""
        figures = self.figures
        together = -(-len(flags) // room) or 1
        for start in range(0, len(flags), together):
            some = flags[start : start + together]
            for flag in some:
                flag.attempts += 1
            figures.posts += len(some)
            figures.under_way += len(some)
            due = now + self._options.attempt
            self._client.post([(flag, min(due, flag.deadline)) for flag in some], self._answered)

    def _look(self) -> None:
        """See whether flags may be loaded, or all is settled."""
        if self._backlog.behind:
            self._low.set()
        elif self._nothing_left():
            self._settled.set()

    def _wait(self, now: float) -> None:
        """Set the timer to when there is something to do next, unless it goes off before anyway.

        By the same reading of the clock as what was posted just now, or is next: what could not be
        posted yet by one reading, and need not be waited for by a later one, would be forgotten.
        """
        at = self._backlog.next_at()
        if at is None or self._stopped:
            return
        held = self._reach.next_at(now, self.figures.under_way)
        at = at if held is None else min(at, held)
        if self._timer is not None:
            if self._timer_at <= at:
                return
            self._timer.cancel()
        self._timer_at = at
        self._timer = self._loop.call_later(max(0.0, at - elapsed()), self._timed)

    def _timed(self) -> None:
        """A wait is over, or a deadline has come."""
        self._timer = None
        now = elapsed()
        for flag in self._backlog.expired(now):
            self._expire(flag, now)
        self._pump(now)
        self._wait(now)

    def _expire(self, flag: Flag, now: float) -> None:
        self.figures.expired += 1
        flag.attempts += 1  # the ledger has no two replies of one number
        self._tell(flag, now, None, Outcome.EXPIRED, None)

    def _answered(self, answers: Sequence[tuple[Flag, Answer]]) -> None:
        """Take answers to flags, and go on."""
        if self._stopped:
            return
        now = elapsed()
        self.figures.under_way -= len(answers)
        for flag, answer in answers:
            if isinstance(answer, Failure):
                self._failed(flag, answer, now)
            else:
                self._replied(flag, answer, now)
        self._pump(now)

    def _replied(self, flag: Flag, response: Response, now: float) -> None:
        self._reach.mark_reached()
        status = response.status
        rejected = self._rejections.after(status)
        if rejected is not None and not self._rejected.done():
            self._rejected.set_exception(rejected)
        found = verdict(status, response.body)
        self._tell(flag, now, status, found.outcome, found.reason)
        if found.outcome is _RECORDED:
            self.figures.recorded += 1
        elif found.outcome is _REFUSED:
            self.figures.refused += 1
        else:
            self._again(flag, now, retry_after(response.retry_after, wall_us()))

    def _failed(self, flag: Flag, failure: Failure, now: float) -> None:
        self.figures.last_error = failure.why
        self._tell(flag, now, None, Outcome.RETRY, failure.why)
        if failure.connected:
            self._reach.mark_reached()
        else:
            self._reach.mark_lost(now, failure.why)
        self._again(flag, now, 0.0)

    def _again(self, flag: Flag, now: float, told: float) -> None:
        """Have a flag posted once more, at the latest shortly before its deadline."""
        self.figures.retried += 1
        options = self._options
        latest = flag.deadline - options.last
        if now < latest:
            at = min(now + max(options.backoff.wait(flag.attempts), told), latest)
        else:
            at = min(now + max(options.backoff.wait(1), told), flag.deadline)
        self._backlog.again(flag, at)
        self._wait(now)

    def _tell(
        self, flag: Flag, now: float, status: int | None, outcome: Outcome, reason: str | None
    ) -> None:
        left = flag.deadline - now
        self._outbox.put(
            Reply(flag.sequence, flag.attempts, wall_us(), status, outcome, reason, left)
        )

    async def _loading(self) -> None:
        """Load pending flags whenever there is room for them."""
        load = self._load
        while True:
            await self._low.wait()
            self._low.clear()
            wanted = self._backlog.wanted()
            if wanted is None or load is None:
                continue
            try:
                flags = await load(*wanted)
            except SentinelError as error:
                self._backlog.not_loaded()
                self._log.warning("pending flags cannot be read", why=error.what, hint=error.hint)
                await asyncio.sleep(_LOAD_AGAIN_SECONDS)
                self._low.set()
                continue
            self._backlog.loaded(flags, wanted[1])
            self._go_on()
