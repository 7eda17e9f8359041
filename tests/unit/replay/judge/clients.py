"""Clients of a judge on 127.0.0.1, over plain sockets, so that nothing is hidden from a test."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from processes import PATIENCE_SECONDS
from replay.judge.job import Judge, judge_of
from replay.judge.options import Options
from replay.judge.tls import self_signed
from unit.replay.judge.cases import KEY

HEADERS = {"Host": "judge", "X-API-Key": KEY.decode()}


_talks: "list[Talk]" = []


def run(test: Coroutine[Any, Any, None]) -> None:
    """Run a test, which may not go on for ever."""

    async def bounded() -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await test
        finally:
            while _talks:
                _talks.pop().close()
            await asyncio.sleep(0)  # connections end when the loop goes round

    asyncio.run(bounded())


@dataclass
class Running:
    """A judge that listens."""

    judge: Judge
    port: int
    tls: ssl.SSLContext | None = None

    async def connect(self) -> "Talk":
        name = None if self.tls is None else "localhost"
        streams = await asyncio.open_connection(
            "127.0.0.1", self.port, limit=2**26, ssl=self.tls, server_hostname=name
        )
        _talks.append(Talk(*streams))
        return _talks[-1]

    async def ask(self, method: str, path: str, **headers: str) -> "Answer":
        talk = await self.connect()
        try:
            talk.request(method, path, headers=HEADERS | headers)
            return await talk.answer()
        finally:
            talk.close()

    async def post(self, flag: object, **headers: str) -> "Answer":
        talk = await self.connect()
        try:
            talk.post(flag, headers)
            return await talk.answer()
        finally:
            talk.close()

    async def stream(self, **headers: str) -> "Talk":
        """A connection with its stream begun."""
        talk = await self.connect()
        talk.request("GET", "/stream", headers=HEADERS | headers)
        head = await talk.head()
        assert head[0] == 200, head
        assert head[1]["content-type"] == "text/event-stream"
        return talk

    async def score(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.ask("GET", "/score")).json
        return found


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.body)


@dataclass
class Talk:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    pending: bytes = b""
    over: bool = False

    def request(
        self, method: str, path: str, body: bytes | None = None, *, headers: dict[str, str]
    ) -> None:
        length = {} if body is None else {"Content-Length": str(len(body))}
        lines = [f"{name}: {value}" for name, value in (headers | length).items()]
        self.send(
            "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode() + (body or b"")
        )

    def post(self, flag: object, headers: dict[str, str] | None = None) -> None:
        body = flag if isinstance(flag, bytes) else json.dumps(flag).encode()
        self.request("POST", "/api/flag", body, headers=HEADERS | (headers or {}))

    def send(self, content: bytes) -> None:
        self.writer.write(content)

    def close(self) -> None:
        self.writer.transport.abort()

    async def head(self) -> tuple[int, dict[str, str]]:
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        pairs = (line.partition(": ") for line in lines[1:] if line)
        return int(lines[0].split()[1]), {name: value for name, _, value in pairs}

    async def answer(self) -> Answer:
        status, headers = await self.head()
        return Answer(
            status, headers, await self.reader.readexactly(int(headers["content-length"]))
        )

    async def ended(self) -> bool:
        """Whether the connection ends without a further word."""
        try:
            return await self.reader.read() == b""
        except ConnectionError:
            return True

    async def block(self) -> bytes | None:
        """What stands up to the next blank line; None if the connection ended before."""
        while b"\n\n" not in self.pending:
            try:
                size = int(await self.reader.readuntil(b"\r\n"), 16)
                self.pending += (await self.reader.readexactly(size + 2))[:-2]
            except (asyncio.IncompleteReadError, ConnectionError):
                self.over = True
                return None
        block, _, self.pending = self.pending.partition(b"\n\n")
        return block

    async def events(self, count: int | None = None) -> list[dict[str, Any]]:
        """The next transactions, all until the connection ends if there is no count."""
        found: list[dict[str, Any]] = []
        while count is None or len(found) < count:
            block = await self.block()
            if block is None:
                break
            event = transaction(block)
            if event is not None:
                found.append(event)
        return found


def transaction(block: bytes) -> dict[str, Any] | None:
    """The transaction of a block, with its id and its name; None if it is none."""
    fields: dict[str, str] = {}
    for line in block.split(b"\n"):
        name, _, value = line.partition(b": ")
        fields[name.decode()] = value.decode(errors="replace")
    try:
        data = json.loads(fields.get("data", ""))
    except ValueError:
        return None
    if "trans_num" not in data:
        return None
    return data | {"id": fields.get("id"), "event": fields.get("event")}


@asynccontextmanager
async def judging(path: Path, **options: Any) -> AsyncIterator[Running]:  # noqa: ANN401 - of many types
    """A judge over a log, listening; as fast as clients read unless told otherwise."""
    chosen = Options(
        **{"file": str(path), "key": KEY, "scratch": path.parent, "rate": None} | options
    )
    tls = self_signed(chosen.host, chosen.ca_out) if chosen.tls else None
    with judge_of(chosen) as judge:
        port = await judge.server.listen(chosen.host, 0, tls)
        try:
            yield Running(judge, port)
        finally:
            await judge.server.close()


def ids(events: list[dict[str, Any]]) -> list[str]:
    return [event["trans_num"] for event in events]
