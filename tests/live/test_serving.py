"""The whole of it: a judge, the scorer and its API, as a process and in the loop of a test."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest

from engine.clock import elapsed
from engine.definition import POS
from engine.errors import InputError, OutputError
from engine.live.api.options import ApiOptions
from engine.live.api.server import ApiServer
from engine.live.deadlines import Deadlines
from engine.live.job import serving
from engine.live.measuring import Measuring
from engine.live.metrics import Metrics
from engine.live.options import Options
from engine.live.service import Service
from live.cases import Heard, until
from live.processes_of import command, ended, started
from live.scoring import answered, assert_all_answered, options_of, scoring
from unit.replay.judge.cases import KEY, faults
from unit.replay.judge.clients import judging, run

COUNT = 400
TOKEN = "precious-0123456789"  # noqa: S105 - of a test


@pytest.fixture(scope="module")
def events(transactions: Path) -> list[dict[str, Any]]:
    frame = pl.read_csv(transactions, separator="|", infer_schema=False).drop("is_fraud")
    return frame.to_dicts()


async def said_by(process: asyncio.subprocess.Process, what: str) -> dict[str, Any]:
    """Wait until a process has said something, and hear it."""
    assert process.stderr is not None
    said = []
    while line := (await process.stderr.readline()).decode():
        said.append(line)
        found: dict[str, Any] = json.loads(line)
        if found["event"] == what:
            return found
    raise AssertionError("".join(said))


def numbers(text: str) -> dict[str, float]:
    """A page of metrics."""
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name.removeprefix("sentinelpos_"): float(value) for name, _, value in lines}


async def watched(client: httpx.AsyncClient, count: int) -> list[dict[str, Any]]:
    """The first decisions that are told."""
    found: list[dict[str, Any]] = []
    async with client.stream("GET", "/api/stream") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                found.append(json.loads(line.removeprefix("data: ")))
            if len(found) >= count:
                return found
    return found


def assert_for_the_owner_alone(folder: Path) -> None:
    """Nobody else may read a ledger, its lock and its snapshots."""
    kept = [path for path in folder.iterdir() if path.name.startswith("live.db")]
    assert len(kept) >= 3
    assert [path for path in kept if path.stat().st_mode & 0o077] == []


async def refuses_what_is_wrong(client: httpx.AsyncClient, event: dict[str, Any]) -> None:
    """Of an event alone it is told what is wrong; in a list, why the model has not decided."""
    bad = await client.post("/predict", json={**event, "amt": "much"})
    assert bad.status_code == 422
    assert bad.json()["faults"][0]["field"] == "amt"
    asked = [event | dict.fromkeys(POS.event_ids)]
    answers = [
        (await client.post(f"/predict?store={store}", json=asked)).json()["answers"]
        for store in (0, 1)
    ]
    assert answers[0] == answers[1]
    assert [one["fallback"] for one in answers[1]] == ["unreadable"]


def test_a_process_answers_the_stream_and_those_who_ask(
    transactions: Path, events: list[dict[str, Any]], boosted: Path, tmp_path: Path
) -> None:
    async def test() -> None:
        async with judging(transactions, rate=100.0, events=300) as running:
            words = command(running.port, boosted, tmp_path / "live.db")
            words[words.index("off")] = "127.0.0.1:0"
            async with started(words, token=TOKEN) as process:
                listens = await said_by(process, "the API listens")
                assert listens["token"] == "needed"  # noqa: S105 - whether
                url = f"http://127.0.0.1:{listens['port']}"
                headers = {"Authorization": f"Bearer {TOKEN}"}
                async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
                    shown = asyncio.create_task(watched(client, 20))
                    looked = (await client.post("/predict", json=events[390])).json()
                    assert (looked["event_id"], looked["duplicate"]) == (
                        events[390]["trans_num"],
                        False,
                    )
                    stored = (await client.post("/predict?store=1", json=events[300:390])).json()
                    assert [one["event_id"] for one in stored] == [
                        one["trans_num"] for one in events[300:390]
                    ]
                    again = (await client.post("/predict?store=1", json=events[300])).json()
                    assert again["duplicate"]
                    assert again["proba"] == stored[0]["proba"]
                    await refuses_what_is_wrong(client, events[391])
                    names = (await client.get("/feature-names")).json()["names"]
                    assert list(looked["features"]) == names
                    told = await shown
                    assert len(told) == 20
                    assert all(one["event"]["card"].startswith("**") for one in told)
                    await until(lambda: running.judge.done(elapsed()))
                    assert (await client.get("/health")).json()["ready"]
                    found: dict[str, float] = {}
                    while found.get('flags_total{outcome="recorded"}') != 300:
                        found = numbers((await client.get("/metrics")).text)
                        await asyncio.sleep(0.05)
                    bare = await client.get("/metrics", headers={"Authorization": ""})
                    assert bare.status_code == 401
                process.send_signal(signal.SIGTERM)
                code, rest = await ended(process)
            assert code == 0, rest
            said = [json.loads(line) for line in rest.splitlines()]
            assert [one["event"] for one in said][-2:] == ["stopping", "stopped"]
            assert "the API has stopped" in [one["event"] for one in said]
            assert not [one for one in (TOKEN, KEY.decode()) if one in rest]
            assert_all_answered(await running.score())
            assert found['events_total{source="stream"}'] == 300
            assert found['events_total{source="api"}'] == 92  # one of them without an id
            assert found['duplicates_total{source="api"}'] == 1
            assert (
                found['decisions_total{flagged="0"}'] + found['decisions_total{flagged="1"}'] == 390
            )
            assert found["decided_seconds_count"] == 390
            assert found["acknowledged_seconds_count"] == 300

    run(test())
    assert_for_the_owner_alone(tmp_path)


def test_the_numbers_are_those_of_what_happened(
    transactions: Path, events: list[dict[str, Any]], boosted: Path, tmp_path: Path
) -> None:
    metrics = Metrics()

    async def test() -> None:
        chosen = faults(
            "dup=0.1,reorder=5@0.1,missing=0.3,disconnect=0.01,flag-503=0.1", timed=True
        )
        async with judging(transactions, rate=1_000.0, faults=chosen) as running:
            options = options_of(running.port, boosted, tmp_path / "live.db")
            measuring = Measuring(metrics, Deadlines(options.deadline))
            async with scoring(options, observers=[measuring]) as live:
                await live.app.decide([*events[:1], {**events[1], "amt": "?"}, {}], store=True)
                connection = live.ledger._connection
                pages = connection.execute("PRAGMA page_count").fetchone()[0]
                connection.execute(f"PRAGMA max_page_count = {pages + 12}")
                await live.until(lambda: metrics.ledger_failures > 0)
                connection.execute("PRAGMA max_page_count = 1000000")
                await answered(running, live)
                figures, reader = live.app.figures, live.app.reader.figures
                posted = live.app.poster.figures
            assert metrics.ledger_failures == 1
            assert sum(metrics.events.values()) == (
                figures.decided + figures.fallbacks + figures.quarantined + figures.duplicates
            )
            assert metrics.events["api"] == 3
            assert sum(metrics.duplicates.values()) == figures.duplicates > 10
            assert sum(metrics.unreadable.values()) == figures.unreadable > 5
            assert metrics.unreadable["api"] == 2
            assert metrics.late == {"stream": figures.late, "api": 0}
            assert figures.late > 10
            assert metrics.fallbacks == figures.fallbacks > 5
            assert metrics.decisions[1] == figures.flagged > 0
            assert sum(metrics.decisions.values()) == figures.decided + figures.fallbacks
            assert metrics.decided_after.count == sum(metrics.decisions.values())
            assert metrics.flags["recorded"] == posted.recorded
            assert metrics.flags["retry"] == posted.retried > 5
            assert metrics.acknowledged_after.count == posted.recorded + posted.refused
            assert 0.0 < metrics.acknowledged_after.total < 30.0 * COUNT
            assert metrics.reconnects == reader.reconnects > 0

    run(test())


def test_an_api_that_ends_by_itself_ends_the_scorer_with_a_message(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    servers: list[ApiServer] = []
    apps: list[Any] = []

    def serve(service: Service) -> ApiServer:
        servers.append(ApiServer(service, ApiOptions(port=0)))
        return servers[-1]

    async def ended_api(options: Options) -> None:
        async with scoring(options, serve=serve) as live:
            apps.append(live.app)
            await live.until(lambda: live.app.figures.decided > 20)
            servers[0]._server.should_exit = True
            await asyncio.wait([live.working])

    async def test() -> None:
        async with judging(transactions, rate=500.0) as running:
            options = options_of(running.port, boosted, tmp_path / "live.db")
            with pytest.raises(OutputError, match="the API has ended by itself"):
                await ended_api(options)
            # What had come is decided on and posted all the same.
            (app,) = apps
            assert app.poster.figures.recorded == app.figures.decided > 20

    run(test())


def test_an_address_that_is_taken_is_refused(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    async def test() -> None:
        async with judging(transactions) as running:
            taken = ApiOptions(port=running.port)
            options = options_of(running.port, boosted, tmp_path / "live.db", api=taken)
            serve = serving(options, Metrics(), Heard())
            with pytest.raises(InputError, match="--listen: cannot listen on"):
                async with scoring(options, serve=serve):
                    pass
            assert running.judge.stream.furthest == 0

    run(test())


def test_what_is_asked_when_it_is_to_stop_is_answered_still(
    transactions: Path, events: list[dict[str, Any]], boosted: Path, tmp_path: Path
) -> None:
    servers: list[ApiServer] = []

    def serve(service: Service) -> ApiServer:
        servers.append(ApiServer(service, ApiOptions(port=0)))
        return servers[-1]

    async def test() -> None:
        async with (
            judging(transactions, events=1) as running,
            scoring(options_of(running.port, boosted, tmp_path / "live.db"), serve=serve) as live,
        ):
            await live.until(lambda: live.app.figures.decided > 0)
            url = f"http://127.0.0.1:{servers[0].port}"
            async with httpx.AsyncClient(base_url=url, timeout=30) as client:
                asking = asyncio.create_task(client.post("/predict?store=1", json=events[1:20]))
                await live.until(lambda: len(live.app._intake) > 0 or live.app.figures.decided > 1)
                live.app.stop()
                answer = await asking
            assert answer.status_code == 200
            assert len(answer.json()) == 19
            await live.working

    run(test())
