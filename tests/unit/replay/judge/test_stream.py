"""The stream over sockets: in order, resumed, cut short, at every client's own pace."""

import asyncio
from pathlib import Path

import pytest

from engine.clock import elapsed
from replay.judge.faults import BY_NAME, Place
from unit.replay.judge.cases import KEY, faults, log_of
from unit.replay.judge.clients import HEADERS, ids, judging, run

COUNT = 60
ALL = [f"event-{number}" for number in range(COUNT)]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return log_of(tmp_path, COUNT)


def test_every_event_comes_once_in_order_and_without_its_label(log: Path) -> None:
    async def test() -> None:
        async with judging(log) as running:
            events = await (await running.stream()).events(COUNT)
            assert ids(events) == ALL
            assert [event["id"] for event in events] == [str(n + 1) for n in range(COUNT)]
            assert not any("is_fraud" in event for event in events)
            score = await running.score()
            assert (score["events"]["sent"], score["events"]["to_send"]) == (COUNT, 0)

    run(test())


def test_at_a_rate_they_come_one_by_one(log: Path) -> None:
    async def test() -> None:
        async with judging(log, rate=1000.0) as running:
            assert ids(await (await running.stream()).events(COUNT)) == ALL
        async with judging(log, rate=0.001) as running:
            talk = await running.stream()
            assert ids(await talk.events(1)) == ALL[:1]
            # The next one is due in a quarter of an hour.
            assert running.judge.stream.furthest == 1

    run(test())


def test_who_comes_back_goes_on_after_its_last_event(log: Path) -> None:
    async def test() -> None:
        async with judging(log) as running:
            first = await running.stream()
            assert ids(await first.events(COUNT)) == ALL
            for last in (1, 17, COUNT - 1):
                again = await running.stream(**{"Last-Event-ID": str(last)})
                events = await again.events(COUNT - last)
                assert ids(events) == ALL[last:]

    run(test())


@pytest.mark.parametrize("last", ["", "0", "61", "999999999999", "-1", "x", "1.5"])
def test_who_names_no_event_that_was_gets_what_is_next(log: Path, last: str) -> None:
    async def test() -> None:
        async with judging(log, rate=0.001) as running:
            await (await running.stream()).events(1)
            talk = await running.stream(**{"Last-Event-ID": last})
            # Nothing is due: a comment is all that could come.
            assert running.judge.stream.furthest == 1
            talk.close()

        async with judging(log) as running:
            assert ids(await (await running.stream(**{"Last-Event-ID": last})).events(3)) == ALL[:3]

    run(test())


def test_last_event_ids_are_ignored_on_demand(log: Path) -> None:
    async def test() -> None:
        chosen = faults("disconnect=1", timed=False)
        async with judging(log, resumes=False, faults=chosen) as running:
            seen = []
            for _ in range(3):
                seen += ids(await (await running.stream(**{"Last-Event-ID": "1"})).events())
            assert seen == ALL[:3]

    run(test())


def test_every_client_gets_the_stream(log: Path) -> None:
    async def test() -> None:
        # Every place waits for its time, so that both are there before the second one is due.
        async with judging(log, rate=20.0) as running:
            one = await running.stream()
            start = len(await one.events(1))
            two = await running.stream()
            after = ids(await two.events(2))
            rest = ids(await one.events(COUNT - start))
            assert after[0] in rest
            assert rest[rest.index(after[0]) :][:2] == after
            assert (await running.score())["connections"]["streams_open"] == 2

    run(test())


def test_events_that_nobody_was_there_for_are_not_sent(log: Path) -> None:
    async def test() -> None:
        async with judging(log, rate=1000.0) as running:
            talk = await running.stream()
            await talk.events(1)
            talk.close()
            while running.judge.schedule.ended is None:
                await asyncio.sleep(0.01)
                running.judge.stream.released(elapsed())
            score = await running.score()
            sent = score["events"]["sent"]
            assert score["events"]["to_send"] == COUNT - sent
            again = await running.stream(**{"Last-Event-ID": str(sent)})
            assert ids(await again.events(COUNT - sent)) == ALL[sent:]
            assert (await running.score())["events"]["to_send"] == 0

    run(test())


def test_a_disconnect_ends_the_connection_after_an_event_once(log: Path) -> None:
    async def test() -> None:
        async with judging(log, faults=faults("disconnect=0.2", timed=False)) as running:
            places = sorted(running.judge.stream._disconnects)
            assert places
            seen: list[str] = []
            ends = []
            while len(seen) < COUNT:
                talk = await running.stream(**{"Last-Event-ID": str(len(seen))})
                seen += ids(await talk.events(COUNT - len(seen)))
                ends.append(len(seen) - 1)
            assert seen == ALL
            assert ends == sorted({*places, COUNT - 1})

    run(test())


def test_a_cut_ends_it_in_the_middle_of_an_event(log: Path) -> None:
    async def test() -> None:
        async with judging(log, faults=faults("cut=0.2", timed=False)) as running:
            places = sorted(running.judge.stream._cuts)
            assert places
            seen: list[str] = []
            halves = []
            while len(seen) < COUNT:
                talk = await running.stream(**{"Last-Event-ID": str(len(seen))})
                seen += ids(await talk.events(COUNT - len(seen)))
                if talk.over:
                    halves.append(talk.pending)
                    score = await running.score()
                    assert score["events"]["sent"] == len(seen)  # a half was not sent
            assert seen == ALL
            assert len(halves) == len(places)
            for place, half in zip(places, halves, strict=True):
                assert half.startswith(
                    b'id: %d\ndata: {"trans_num":"event-%d"' % (place + 1, place)
                )

    run(test())


def test_a_stall_holds_the_stream(log: Path) -> None:
    async def test() -> None:
        async with judging(log, faults=faults("stall=1h@0.05", timed=False)) as running:
            stall = running.judge.schedule._stalls[0]
            assert 0 < stall < COUNT
            talk = await running.stream()
            assert ids(await talk.events(stall)) == ALL[:stall]
            running.judge.schedule._stall_seconds = 0.0
            running.judge.schedule._closed_until = 0.0
            # It waits for the hour that it was told of; another client finds it over.
            again = await running.stream(**{"Last-Event-ID": str(stall)})
            assert ids(await again.events(COUNT - stall)) == ALL[stall:]

    run(test())


def test_drop_dup_and_reorder_reach_the_client_as_planned(log: Path) -> None:
    async def test() -> None:
        chosen = faults("drop=0.2,dup=0.2,reorder=0.2", timed=False)
        orders = []
        for seed in (5, 5, 6):
            async with judging(log, faults=chosen, seed=seed) as running:
                talk = await running.stream()
                orders.append(ids(await talk.events(running.judge.places)))
                score = await running.score()
                assert score["events"]["sent"] == len(set(orders[-1]))
                assert score["events"]["dropped"] == COUNT - len(set(orders[-1])) > 0
        assert orders[0] == orders[1] != orders[2]
        assert len(orders[0]) > len(set(orders[0]))

    run(test())


def test_all_faults_at_once_lose_no_event(log: Path) -> None:
    names = [
        name
        for name, kind in BY_NAME.items()
        if kind.place not in {Place.FLAG, Place.CONNECT} and name not in {"drop", "stall", "long"}
    ]
    text = ",".join(f"{name}=0.2" for name in names) + ",stall=1ms@0.2,long=1MB@0.1"

    async def test() -> None:
        async with judging(log, faults=faults(text, timed=False), seed=3) as running:
            seen: dict[str, None] = {}
            last = 0
            while last < running.judge.places:
                talk = await running.stream(**{"Last-Event-ID": str(last)})
                for event in await talk.events(running.judge.places - last):
                    seen[event["trans_num"]] = None
                    last = int(event["id"])
            assert sorted(seen) == sorted(ALL)
            score = await running.score()
            assert score["events"]["to_send"] == 0
            assert score["connections"]["streams"] > 5

    run(test())


def test_a_client_that_does_not_read_holds_up_nobody(tmp_path: Path) -> None:
    log = log_of(tmp_path, 2_000)

    async def test() -> None:
        chosen = faults("long=20kB@0.5", timed=False)
        async with judging(log, faults=chosen) as running:
            frozen = await running.stream()
            frozen.reader._transport.pause_reading()  # type: ignore[attr-defined] # it has one
            other = await running.stream(**{"Last-Event-ID": "1"})
            assert len(await other.events(1_999)) == 1_999
            (behind,) = [
                cursor for cursor in running.judge.stream._cursors.values() if cursor < 2_000
            ]
            assert behind < 1_000
            assert not running.judge.stream.caught_up
            frozen.close()

    run(test())


@pytest.mark.parametrize("name", ["stream-401", "stream-503"])
def test_some_are_turned_away_and_may_try_again(log: Path, name: str) -> None:
    async def test() -> None:
        runs = []
        for _ in range(2):
            async with judging(log, faults=faults(f"{name}=0.5")) as running:
                codes = []
                for _ in range(12):
                    talk = await running.connect()
                    talk.request("GET", "/stream", headers=HEADERS)
                    codes.append((await talk.head())[0])
                    talk.close()
                runs.append(codes)
        assert runs[0] == runs[1]
        assert set(runs[0]) == {200, int(name.removeprefix("stream-"))}

    run(test())


def test_a_silent_stream_says_that_it_is_alive(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("replay.judge.stream._KEEP_ALIVE_SECONDS", 0.01)

    async def test() -> None:
        async with judging(log, rate=0.001) as running:
            talk = await running.stream()
            await talk.events(1)
            assert await talk.block() == b": keep-alive"

    run(test())


def test_a_stream_says_that_its_connection_ends_with_it_if_it_is_told_so(log: Path) -> None:
    async def test() -> None:
        async with judging(log) as running:
            talk = await running.connect()
            talk.request("GET", "/stream", headers=HEADERS | {"Connection": "close"})
            status, headers = await talk.head()
            assert (status, headers["connection"]) == (200, "close")
            assert ids(await talk.events(COUNT)) == ALL

    run(test())


def test_a_client_of_http_1_0_is_sent_no_chunks(log: Path) -> None:
    async def test() -> None:
        async with judging(log, faults=faults("disconnect=1", timed=False)) as running:
            talk = await running.connect()
            talk.send(f"GET /stream HTTP/1.0\r\nX-API-Key: {HEADERS['X-API-Key']}\r\n\r\n".encode())
            status, headers = await talk.head()
            assert (status, headers["connection"]) == (200, "close")
            assert "transfer-encoding" not in headers
            came = await talk.reader.read()
            assert came.startswith(b'id: 1\ndata: {"trans_num":"event-0",')
            assert came.endswith(b"}\n\n")

    run(test())


@pytest.mark.parametrize("key", ["", "wrong", KEY.decode() + "x", "KEY"])
def test_the_stream_wants_the_key(log: Path, key: str) -> None:
    async def test() -> None:
        async with judging(log) as running:
            answer = await running.ask("GET", "/stream", **{"X-API-Key": key})
            assert (answer.status, answer.json["success"]) == (401, False)
            assert running.judge.schedule.began is None
            score = await running.score()
            assert score["requests"] == {"malformed": 0, "unauthorised": 1}
            assert score["flags"]["unauthorised"] == 0

    run(test())
