"""The live scorer: its parts put together, from the first event to the last flag."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Final

from engine.clock import elapsed, wall_us
from engine.errors import OutputError, SentinelError
from engine.live.answering import Answering
from engine.live.backoff import Backoff
from engine.live.client import ClientOptions, HttpClient
from engine.live.deadlines import Deadlines
from engine.live.decided import AskedEvent, Decided, Figures
from engine.live.ending import ended, raise_of, stopped_by_signals
from engine.live.errors import RefusedError
from engine.live.explaining import Explainer
from engine.live.flag import Reply
from engine.live.flow import Flow
from engine.live.intake import API, Intake, Piece
from engine.live.keeping import Keeper
from engine.live.labelling import Labelling
from engine.live.ledger.writer import Ledger
from engine.live.making import Manner
from engine.live.models import Models
from engine.live.notices import Log
from engine.live.observing import Observer
from engine.live.opening import Opened
from engine.live.options import Options
from engine.live.outside import Outside
from engine.live.pending import PendingFlags
from engine.live.poster import Poster
from engine.live.posting import PosterOptions
from engine.live.refusals import Refusals
from engine.live.scorer import Scorer
from engine.live.service import Answer, Health, Shown, Told
from engine.live.serving import Serve
from engine.live.snapshots import save
from engine.live.stream import Arrival, StreamReader
from engine.live.stream_bytes import STREAM_BACKOFF, StreamOptions
from engine.live.troubles import Troubles
from engine.live.watching import Watchers
from engine.live.worker import Worker
from engine.model.run import Run


@dataclass(frozen=True, slots=True)
class Patience:
    """How patiently the outside world is tried again.

    Parameters
    ----------
    stream
        How long to wait before the stream is opened again.
    posting
        How much patience there is with the endpoint for flags.
    """

    stream: Backoff = STREAM_BACKOFF
    posting: PosterOptions = field(default_factory=PosterOptions)


_LEDGER: Final = "ledger"
_MOST_WAITED: Final = 1 / 3  # of the time for an answer, before more of the stream is read


class App:
    """The live scorer, as a ``Service``. Make it where its loop runs.

    Parameters
    ----------
    options
        The settings.
    outside
        Whom they have it speak with.
    run
        The run that decides to begin with.
    ledger, opened
        The ledger, and the online state as of its end.
    log
        Is told of what somebody may want to look at.
    observers
        See what happens.
    patience
        How patiently the outside world is tried again.

    Attributes
    ----------
    figures
        What came so far.
    reader, poster
        They have figures of their own.
    """

    def __init__(
        self,
        options: Options,
        outside: Outside,
        run: Run,
        ledger: Ledger,
        opened: Opened,
        log: Log,
        observers: Sequence[Observer] = (),
        patience: Patience | None = None,
    ) -> None:
        patience = Patience() if patience is None else patience
        self.figures = Figures()
        self.deadlines = Deadlines(options.deadline)
        self._options = options
        self._ledger = ledger
        self._log = log
        self._observers = observers
        self._run = run
        self._runs: dict[int, Run] = {}
        self._stream = outside.stream.shown
        self._stopping = False
        self._asked_to_stop = asyncio.Event()
        self._in_a_hurry = asyncio.Event()
        self._last_at: float | None = None
        self._answers: dict[Piece, asyncio.Future[tuple[Decided, Sequence[AskedEvent]]]] = {}
        self._troubles = Troubles(log)
        self._refusals = Refusals(self._troubles)
        self._worker = Worker()
        self._watchers = Watchers(run.features.schema)
        self._intake = Intake(options.queue, options.batch, options.deadline * _MOST_WAITED)
        manner = Manner(options.post, options.fallback)
        self._scorer = Scorer(ledger, opened.online, run, manner, self.deadlines)
        self._flow = Flow(
            self._intake,
            self._scorer,
            self._worker,
            self._publish,
            self._troubles,
            self._ledger_failed,
        )
        self._explainer = Explainer(
            ledger,
            self._worker,
            options.reasons,
            self._intake.lull,
            self._troubles,
        )
        self._know(self._scorer.model, run)
        self._models = Models(options.run, run, self._take_up, self._troubles, log)
        self._keeper = Keeper(
            ledger.path,
            options.snapshot_every,
            opened.saved,
            lambda: ledger.next_sequence,
            self._troubles,
            log,
        )
        self._answering = Answering(
            ledger,
            self._scorer,
            self._worker,
            self._explainer,
            options.fallback,
            self._runs,
        )
        self._labelling = Labelling(ledger, self._scorer, self._worker, run.features.schema)
        stream, flag, tls = outside.stream, outside.flag, outside.tls
        pending = PendingFlags(ledger, self._worker, self.deadlines, self._replied)
        self.poster = Poster(
            HttpClient(ClientOptions(flag, options.key, tls, options.connections)),
            pending.record,
            pending.load,
            patience.posting,
            log,
        )
        self.reader = StreamReader(
            StreamOptions(stream, options.key, tls, stall=options.stall, backoff=patience.stream),
            self._take,
            ledger.stream_id or "",
            log,
            self._reconnected,
        )

    @property
    def run(self) -> Run:
        """The run that decides now."""
        return self._run

    async def decide(self, events: Sequence[Mapping[str, Any]], *, store: bool) -> list[Answer]:
        """Decide on events that somebody asks about; see ``Service``."""
        if self._stopping:
            raise OutputError("the scorer stops (was asked to)", hint="ask the next one")
        if not store:
            return await self._answering.looked(events)
        now, wall, size = elapsed(), wall_us(), self._options.batch
        pieces = [
            Piece(API, events[start : start + size], now, wall)
            for start in range(0, len(events), size)
        ]
        if not self._intake.offer(pieces):
            raise OutputError(
                f"the scorer is overloaded (was {len(self._intake):,} events waiting)",
                hint="ask again in a while",
            )
        loop = asyncio.get_running_loop()
        waiting = [self._answers.setdefault(piece, loop.create_future()) for piece in pieces]
        try:
            found = await asyncio.gather(*waiting)
        finally:
            for piece in pieces:
                self._answers.pop(piece, None)
        return [
            answer
            for decided, asked in found
            for answer in await self._answering.of(decided.batch, asked)
        ]

    async def label(self, told: Sequence[Told]) -> list[RefusedError | None]:
        """Record what events turned out to be; see ``Service``."""
        return await self._labelling.tell(told)

    def health(self) -> Health:
        """How things are now; see ``Service``."""
        now, stream = elapsed(), self.reader.figures
        lost = () if stream.trouble is None else (_no_stream(stream.trouble, self._stream),)
        return Health(
            ready=not self._stopping and _LEDGER not in self._troubles,
            stream=stream.state.value,
            lag_seconds=self._flow.lag,
            last_event_seconds=None if self._last_at is None else now - self._last_at,
            queue=len(self._intake),
            pending=self.poster.waiting + self.poster.figures.under_way,
            snapshot_seconds=now - self._keeper.saved_at,
            run_id=self._run.manifest["id"],
            troubles=(*self._troubles.words, *lost),
        )

    def watch(self) -> AbstractContextManager[AsyncIterator[Shown]]:
        """Decisions as they are recorded; see ``Service``."""
        return self._watchers.watch()

    def stop(self) -> None:
        """End: decide and post what has come, at once if it is asked again."""
        if self._asked_to_stop.is_set():
            self._in_a_hurry.set()
        self._asked_to_stop.set()

    async def work(self, serve: Serve) -> None:
        """Decide on what comes until it is asked to stop, or a part cannot go on.

        Parameters
        ----------
        serve
            Serves the API while its block lasts.

        Raises
        ------
        KeyRejectedError
            If the key is not taken.
        SentinelError
            If a part cannot go on, or events that came could not be recorded.
        """
        with stopped_by_signals(self.stop):
            try:
                await self._work(serve)
            finally:
                await self._close()

    async def _work(self, serve: Serve) -> None:
        reading = asyncio.create_task(self.reader.run())
        flowing = asyncio.create_task(self._flow.run())
        posting = asyncio.create_task(self.poster.run())
        others = [
            asyncio.create_task(part.run())
            for part in (self._explainer, self._models, self._keeper)
        ]
        stopping = asyncio.create_task(self._asked_to_stop.wait())
        parts = [reading, flowing, posting, *others]
        try:
            async with serve(self) as server:  # it ends first: what is under way is decided still
                serving = asyncio.create_task(server.ended())
                parts.append(serving)
                self._log.info(
                    "ready", run=self._run.manifest["id"], next=self._ledger.next_sequence
                )
                await asyncio.wait((*parts, stopping), return_when=asyncio.FIRST_COMPLETED)
                await ended((serving,))
            await self._drain(reading, flowing)
        finally:
            self._watchers.close()
            stopping.cancel()
            await ended((reading, flowing, *others))
            await ended((posting,))
        for part in parts:
            raise_of(part)
        if len(self._intake) or not self._scorer.is_settled:
            raise OutputError(
                f"{self._ledger.path}: what has come could not all be recorded (was "
                f"{len(self._intake):,} events waiting)",
                hint="it comes again with the next start, if the stream goes back to it",
            )

    async def _drain(self, reading: "asyncio.Task[None]", flowing: "asyncio.Task[None]") -> None:
        """Decide on what has come, and have it posted, as long as there is time."""
        self._stopping = True
        until = elapsed() + self._options.grace
        self._log.info("stopping", queue=len(self._intake), pending=self.health().pending)
        await ended((reading,))
        self._intake.close()
        hurry = asyncio.create_task(self._in_a_hurry.wait())
        left = max(0.0, until - elapsed())
        await asyncio.wait((flowing, hurry), timeout=left, return_when=asyncio.FIRST_COMPLETED)
        draining = asyncio.create_task(self.poster.drain(until))
        await asyncio.wait((draining, hurry), return_when=asyncio.FIRST_COMPLETED)
        await ended((hurry, draining))

    async def _close(self) -> None:
        for future in self._answers.values():
            future.cancel()
        self._explainer.close()
        try:
            saved = await self._worker.do(self._save)
        except SentinelError as error:
            self._log.warning("snapshot not saved", why=error.what, hint=error.hint)
        else:
            self._log.info("stopped", next=self._ledger.next_sequence, saved=saved)
        self._worker.close()

    def _save(self) -> bool:
        """Save the state, unless it is ahead of the ledger."""
        if not self._scorer.is_settled:
            return False
        ledger = self._ledger
        save(self._scorer.online, ledger.path, ledger.created, ledger.next_sequence)
        return True

    async def _take(self, arrival: Arrival) -> None:
        self._last_at = arrival.at
        await self._intake.take(arrival)

    async def _take_up(self, run: Run) -> None:
        """Have another run decide, between two micro-batches."""
        number = await self._worker.do(self._scorer.use, run)
        self._know(number, run)
        self._run = run
        for one in self._observers:
            one.model_taken_up()

    def _know(self, number: int, run: Run) -> None:
        self._runs[number] = run
        self._explainer.know(number, run)

    def _publish(self, found: Decided) -> None:
        """Tell all who wait for a micro-batch, the poster first."""
        self.poster.add(found.flags)
        self.poster.adopt(found.adopted)
        self.figures.add(found.counts)
        self._watchers.tell(found.batch.decisions)
        if found.counts.flagged:
            self._explainer.wake()
        for piece, asked in found.asked:
            future = self._answers.get(piece)
            if future is not None and not future.done():
                future.set_result((found, asked))
        for one in self._observers:
            one.decided(found)

    def _replied(self, replies: Sequence[Reply]) -> None:
        self._refusals.after(replies)
        for one in self._observers:
            one.replied(replies)

    def _reconnected(self) -> None:
        for one in self._observers:
            one.reconnected()

    def _ledger_failed(self) -> None:
        for one in self._observers:
            one.ledger_failed()


def _no_stream(why: str, where: str) -> str:
    """A stream that is lost, for who is on call: whose side it is on, and that it is seen to."""
    return f"stream: not open at {where}, which is tried again and again; last it was: {why}"
