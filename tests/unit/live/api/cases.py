"""A scorer that is none, and clients of an API over it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
from fastapi import FastAPI

from engine.catalog import notebook
from engine.definition.needs import columns_of
from engine.errors import SentinelError
from engine.events.single import Refused, SingleReader
from engine.live.api.app import make_app
from engine.live.api.options import ApiOptions
from engine.live.api.server import ApiServer
from engine.live.errors import RefusedError, UnknownError
from engine.live.metrics import Metrics
from engine.live.service import Answer, Health, Shown, Told
from engine.model.reasons import Reason
from engine.model.run import Run
from live.cases import Heard
from unit.replay.judge import clients
from unit.replay.judge.clients import Talk

TOKEN = "0123456789abcdef"  # noqa: S105 - of a test
CARD = "4000111122223333"
EVENT = {
    "trans_num": "a1",
    "unix_time": 1_700_000_000,
    "cc_num": CARD,
    "amt": 12.5,
    "merchant": "fraud_Kirlin and Sons",
    "category": "shopping_net",
    "first": "Maria",
    "last": "Doe",
    "street": "12 Elm Street",
    "ssn": "123-45-6789",
    "dob": "1990-01-01",
    "lat": 40.25,
    "long": -73.75,
}
WELL = Health(
    ready=True,
    stream="open",
    lag_seconds=0.25,
    last_event_seconds=1.5,
    queue=3,
    pending=4,
    snapshot_seconds=60.0,
    run_id="run-1",
)


def run_of(threshold: float = 0.5) -> Run:
    """A run whose model is never asked."""
    return Run(
        path=Path("run-1"),
        features=notebook,
        model=cast("Any", SimpleNamespace(kind="lightgbm", added=())),
        threshold=threshold,
        calibration=cast("Any", None),
        usual={},
        manifest={},
    )


@dataclass
class Scorer:
    """Reads events as the scorer does, and decides by the amount."""

    run: Run = field(default_factory=run_of)
    now: Health = WELL
    fails: Exception | None = None
    slow: float = 0.0
    asked: list[tuple[list[Mapping[str, Any]], bool]] = field(default_factory=list)
    watchers: "list[deque[Shown]]" = field(default_factory=list)
    watched: int = 0
    came: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False
    known: dict[str, Answer] = field(default_factory=dict)
    labels: list[Told] = field(default_factory=list)
    told_at_once: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._reader = SingleReader(notebook.schema, columns_of(notebook))

    async def decide(self, events: Sequence[Mapping[str, Any]], *, store: bool) -> list[Answer]:
        self.asked.append((list(events), store))
        await asyncio.sleep(self.slow)
        if self.fails is not None:
            raise self.fails
        return [self._answer(event, store=store) for event in events]

    async def label(self, told: Sequence[Told]) -> list[RefusedError | None]:
        if self.fails is not None:
            raise self.fails
        self.told_at_once.append(len(told))
        found = [self._refused(one) for one in told]
        self.labels += [one for one, why in zip(told, found, strict=True) if why is None]
        return found

    def health(self) -> Health:
        return self.now

    @contextmanager
    def watch(self) -> Iterator[AsyncIterator[Shown]]:
        mine: deque[Shown] = deque(maxlen=4_096)
        self.watchers.append(mine)
        self.watched += 1
        try:
            yield self._told(mine)
        finally:
            self.watchers.remove(mine)

    def show(self, *sequences: int) -> None:
        for mine in self.watchers:
            mine.extend(shown(sequence) for sequence in sequences)
        self.came.set()

    def end(self) -> None:
        self.over = True
        self.came.set()

    def _refused(self, told: Told) -> RefusedError | None:
        if told.event_id.startswith("e"):
            return None
        if told.event_id.startswith("often"):
            return RefusedError("it has been said too often (was one more)", hint="rest")
        return UnknownError("no such event", hint="look for another")

    async def _told(self, mine: deque[Shown]) -> AsyncIterator[Shown]:
        while True:
            while mine:
                yield mine.popleft()
            if self.over:
                return
            self.came.clear()
            await self.came.wait()

    def _answer(self, event: Mapping[str, Any], *, store: bool) -> Answer:
        read = self._reader.read(event)
        if isinstance(read, Refused):
            return Answer(
                read.event_id,
                0,
                fallback="could not be read",
                refused=read.reason,
                field=read.column,
            )
        before = self.known.get(read.event_id)
        if before is not None:
            return before
        amount = read.values[self._reader.columns.index("amt")] / 100
        flagged = int(amount >= 1_000)
        answer = Answer(
            read.event_id,
            flagged,
            score=0.75 if flagged else 0.25,
            threshold=self.run.threshold,
            features={name: None if name == "amt_z_user" else 1.5 for name in notebook.names},
            reasons=[Reason("log_amt", 0.5, "the amount is high")] if flagged else [],
        )
        if store:
            self.known[read.event_id] = Answer(
                **{name: getattr(answer, name) for name in Answer.__slots__} | {"before": True}
            )
        return answer


def shown(sequence: int, **event: object) -> Shown:
    told = {"card": "••••3333", "amt": 12.5, "merchant": "Kirlin", "unix_time": 1_700_000_000}
    return Shown(sequence, f"e{sequence}", 1, 2, 0, 0.25, None, told | event)


def app_of(scorer: Scorer, metrics: Metrics | None = None, **options: Any) -> FastAPI:  # noqa: ANN401
    return make_app(scorer, ApiOptions(**options), metrics=metrics or Metrics(), log=Heard())


def asking(app: FastAPI, host: str = "127.0.0.1:8000") -> httpx.AsyncClient:
    """A client of an application, without a network; failures of it are its answers."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    return httpx.AsyncClient(transport=transport, base_url=f"http://{host}")


@asynccontextmanager
async def serving(scorer: Scorer, **options: Any) -> AsyncIterator[ApiServer]:  # noqa: ANN401
    """A server on a free port."""
    log = options.pop("log", None)
    metrics = options.pop("metrics", None)
    server = ApiServer(scorer, ApiOptions(port=0, **options), metrics, log)
    async with server:
        yield server


async def connect(server: ApiServer, *, limit: int = 2**20) -> Talk:
    streams = await asyncio.open_connection("127.0.0.1", server.port, limit=limit)
    clients._talks.append(Talk(*streams))  # to be closed when the test ends
    return clients._talks[-1]


HOST = {"Host": "localhost"}
JSON = HOST | {"Content-Type": "application/json"}


class RefusesError(SentinelError):
    """What a scorer says that stops."""

    def __init__(self) -> None:
        super().__init__("the scorer stops (was SIGTERM)", hint="ask the next one")
