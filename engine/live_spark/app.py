"""The live scorer on Spark at work: a query, an outbox, and whoever flags are posted to."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from engine.backends.spark.session import refuse_ended, told_by_spark
from engine.clock import elapsed
from engine.errors import OutputError, SentinelError
from engine.live.client import ClientOptions, HttpClient
from engine.live.deadlines import Deadlines
from engine.live.ending import ended, raise_of, stopped_by_signals
from engine.live.endpoint import Endpoint, read_endpoint
from engine.live.flag import Reply
from engine.live.ledger.writer import Ledger
from engine.live.making import Manner
from engine.live.notices import Log
from engine.live.pending import PendingFlags
from engine.live.poster import Poster
from engine.live.stream import StreamReader
from engine.live.stream_bytes import StreamOptions
from engine.live.tls import client_tls
from engine.live.worker import Worker
from engine.live_spark.bridge import Bridge
from engine.live_spark.deciding import Verdict
from engine.live_spark.options import Options
from engine.live_spark.query import start
from engine.live_spark.recording import Recording
from engine.live_spark.sources import Files

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.streaming import StreamingQuery

_LOOK_SECONDS: Final = 0.5
_BEFORE_EVENTS: Final = 4  # micro-batches without any
_MOST_WORDS: Final = 500


class App:
    """Has a query run, records what it decides, and posts that.

    Parameters
    ----------
    options
        The settings.
    ledger
        The outbox.
    model
        The number that it gave the model.
    log
        Is told of what somebody may want to look at.
    """

    def __init__(self, options: Options, ledger: Ledger, model: int, log: Log) -> None:
        self._options = options
        self._ledger = ledger
        self._log = log
        self._deadlines = Deadlines(options.deadline)
        manner = Manner(options.post, options.fallback)
        self._recording = Recording(ledger, model, manner, self._deadlines)
        self._batches = 0
        self._done = asyncio.Event()
        self._failure: SentinelError | None = None

    async def work(self, verdicts: "DataFrame") -> None:
        """Decide on what comes until it is asked to stop, or a part cannot go on.

        Parameters
        ----------
        verdicts
            What the query gives, see ``verdicts_of``.

        Raises
        ------
        KeyRejectedError
            If the key is not taken.
        SentinelError
            If a part cannot go on.
        """
        asked = asyncio.Event()
        worker = Worker()
        poster = self._poster(worker)
        parts: list[asyncio.Task[None]] = []
        try:
            with stopped_by_signals(asked.set):
                if poster is not None:
                    parts.append(asyncio.create_task(poster.run()))
                parts += [asyncio.create_task(part) for part in self._bridged()]
                query = self._started(verdicts, worker, poster)
                watching = asyncio.create_task(watch(query))
                stopping = asyncio.create_task(asked.wait())
                self._log.info("started", next=self._ledger.next_sequence)
                try:
                    await asyncio.wait(
                        (*parts, watching, stopping), return_when=asyncio.FIRST_COMPLETED
                    )
                finally:
                    self._log.info("stopping", batches=self._batches)
                    await asyncio.to_thread(_stop, query)
                    await ended((stopping,))
                if poster is not None:
                    await poster.drain(elapsed() + self._options.grace)
        finally:
            await ended(parts)
            worker.close()
        try:
            await watching
        except OutputError:
            # Spark has words of its own for what failed here, and none for what to do about it.
            if self._failure is not None:
                raise self._failure from None
            if not asked.is_set():
                raise
        for part in parts:
            raise_of(part)
        self._log.info("stopped", next=self._ledger.next_sequence)

    def _started(
        self, verdicts: "DataFrame", worker: Worker, poster: Poster | None
    ) -> "StreamingQuery":
        """The query, whose micro-batches are recorded in this loop's time."""
        loop = asyncio.get_running_loop()

        async def record(verdicts: list[Verdict], number: int) -> None:
            began = elapsed()
            found = await worker.do(self._recording.record, verdicts)
            self._batches += 1
            self._done.set()
            if poster is not None:
                poster.add(found.flags)
            seconds = round(elapsed() - began, 3)
            told: dict[str, Any] = {"batch": number, "decided": found.decided, "seconds": seconds}
            if found.again:
                self._log.warning("decided before", again=found.again, batch=number)
            if found.otherwise:
                why = "the decision that was recorded first stands"
                self._log.warning("decided otherwise before", events=found.otherwise, why=why)
            self._log.info("recorded", **told)

        def take(verdicts: list[Verdict], number: int) -> None:
            try:
                asyncio.run_coroutine_threadsafe(record(verdicts, number), loop).result()
            except SentinelError as error:
                self._failure = error
                raise

        cluster = self._options.cluster
        return start(verdicts, self._options.checkpoint, take, cluster.trigger)

    def _bridged(self) -> list[Any]:
        """What reads the stream and what writes files of it; nothing if none is asked for."""
        outside, source = self._options.outside, self._options.source
        if outside.stream is None or not isinstance(source, Files):
            return []
        bridge = Bridge(source.folder, self._ledger.created)
        endpoint = read_endpoint(outside.stream, "--stream")
        options = StreamOptions(endpoint, outside.key, self._tls(endpoint))
        reader = StreamReader(options, bridge.take, bridge.last_id, self._log)

        async def read() -> None:
            # The first micro-batches take many times as long as others: no event need wait.
            for _ in range(_BEFORE_EVENTS):
                self._done.clear()
                bridge.begin()
                await self._done.wait()
            self._log.info("ready", next=self._ledger.next_sequence)
            await reader.run()

        return [read(), bridge.run()]

    def _poster(self, worker: Worker) -> Poster | None:
        outside = self._options.outside
        if outside.flag is None:
            return None
        endpoint = read_endpoint(outside.flag, "--flag")
        options = ClientOptions(endpoint, outside.key, self._tls(endpoint), outside.connections)
        pending = PendingFlags(self._ledger, worker, self._deadlines, _nobody)
        return Poster(HttpClient(options), pending.record, pending.load, log=self._log)

    def _tls(self, endpoint: Endpoint) -> Any:  # noqa: ANN401 - a context, or none
        outside = self._options.outside
        if not endpoint.secure:
            return None
        return client_tls(outside.ca_file, insecure=outside.insecure)


async def watch(query: "StreamingQuery") -> None:
    """Wait until a query has ended, which it does not by itself.

    Raises
    ------
    OutputError
        Why it has.
    """
    while (why := await asyncio.to_thread(_ended_of, query)) is None:  # noqa: ASYNC110 - Spark's
        await asyncio.sleep(_LOOK_SECONDS)
    if why:
        raise OutputError(
            f"the query cannot go on (was: {why[:_MOST_WORDS]})",
            hint="start again when what it says is put right: it goes on where it was",
        )


def _ended_of(query: "StreamingQuery") -> str | None:
    """Why a query has ended; empty if it was asked to, None if it has not.

    Spark is asked for the words here, as it ends soon after, and pyspark asks it for each.
    """
    try:
        if query.isActive:
            return None
        failure = query.exception()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        refuse_ended(error)
        return told_by_spark(error)
    return "" if failure is None else told_by_spark(failure)


def _stop(query: "StreamingQuery") -> None:
    """End a query, in the midst of a micro-batch too, which is done again at the next start."""
    with suppress(Exception):  # it may have ended, with all of Spark
        query.stop()


def _nobody(_: Sequence[Reply]) -> None:
    """Nobody else wants to know of replies."""
