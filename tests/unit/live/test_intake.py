"""The queue of events: the oldest first, in micro-batches, bounded."""

import asyncio

import pytest

from engine.live.intake import API, STREAM, Intake, Piece
from engine.live.sse import Event
from engine.live.stream import Arrival
from unit.replay.judge.clients import run


def arrival(first: int, count: int) -> Arrival:
    events = [Event("message", str(one), b"{}") for one in range(first, first + count)]
    return Arrival(events, float(first), first)


def asked(count: int) -> Piece:
    return Piece(API, [{"n": one} for one in range(count)], 0.0, 0)


def ids(pieces: list[Piece]) -> list[str]:
    return [event.id for piece in pieces for event in piece.events if isinstance(event, Event)]


def test_no_more_is_taken_in_while_the_first_has_waited_for_long() -> None:
    async def test() -> None:
        now = 100.0
        intake = Intake(1_000, 10, 5.0, lambda: now)
        await intake.take(arrival(100, 15))
        now = 105.0
        await intake.take(arrival(101, 1))
        now = 105.5
        waiting = asyncio.create_task(intake.take(arrival(102, 1)))
        await asyncio.sleep(0)
        assert len(await intake.next()) == 1  # ten of those that came first: five still wait
        await asyncio.sleep(0)
        assert not waiting.done()
        assert len(intake) == 6
        assert len(await intake.next()) == 2
        await waiting
        assert len(intake) == 1

    run(test())


def test_a_lull_is_while_nothing_waits() -> None:
    async def test() -> None:
        intake = Intake(1_000, 10)
        assert intake.lull.is_set()
        await intake.take(arrival(0, 11))
        assert not intake.lull.is_set()
        await intake.next()
        assert not intake.lull.is_set()
        await intake.next()
        assert intake.lull.is_set()

    run(test())


def test_events_are_handed_on_in_order_and_no_more_at_once_than_asked() -> None:
    async def test() -> None:
        intake = Intake(1_000, 10)
        for first, count in ((0, 3), (3, 25), (28, 1)):
            await intake.take(arrival(first, count))
        assert (len(intake), intake.oldest) == (29, 0.0)
        found = []
        for size in (10, 10, 9):
            pieces = await intake.next()
            assert sum(map(len, pieces)) == size
            assert all(piece.source == STREAM for piece in pieces)
            assert [piece.at for piece in pieces] == sorted(piece.at for piece in pieces)
            found += ids(pieces)
        assert found == [str(one) for one in range(29)]
        assert (len(intake), intake.oldest) == (0, None)

    run(test())


def test_the_reader_waits_while_there_is_no_room() -> None:
    async def test() -> None:
        intake = Intake(5, 4)
        await intake.take(arrival(0, 5))
        more = asyncio.create_task(intake.take(arrival(5, 2)))
        await asyncio.sleep(0.01)
        assert not more.done()
        assert not intake.offer([asked(1)])
        assert ids(await intake.next()) == ["0", "1", "2", "3"]
        await more
        assert ids(await intake.next()) == ["4", "5", "6"]
        assert intake.offer([asked(1)])

    run(test())


def test_what_is_asked_together_is_handed_on_together() -> None:
    async def test() -> None:
        intake = Intake(100, 4)
        await intake.take(arrival(0, 2))
        assert intake.offer([asked(3), asked(4)])
        await intake.take(arrival(2, 1))
        sizes = [[len(piece) for piece in await intake.next()] for _ in range(3)]
        assert sizes == [[2], [3], [4]]
        assert ids(await intake.next()) == ["2"]

    run(test())


def test_it_waits_for_events_and_ends_when_it_is_closed_and_empty() -> None:
    async def test() -> None:
        intake = Intake(100, 4)
        waiting = asyncio.create_task(intake.next())
        await asyncio.sleep(0.01)
        assert not waiting.done()
        await intake.take(arrival(0, 1))
        assert ids(await waiting) == ["0"]
        await intake.take(arrival(1, 5))
        intake.close()
        assert not intake.offer([asked(1)])
        assert [len(await intake.next()) for _ in range(3)] == [1, 1, 0]

    run(test())


def test_large_events_fill_it_before_there_are_many() -> None:
    async def test() -> None:
        intake = Intake(1_000, 10, most_bytes=100)
        large = [Event("message", str(one), b"x" * 40) for one in range(3)]
        await intake.take(Arrival(large, 0.0, 0))
        more = asyncio.create_task(intake.take(arrival(3, 12)))
        await asyncio.sleep(0)
        assert not more.done()
        assert not intake.offer([asked(1)])
        assert ids(await intake.next()) == ["0", "1", "2"]
        await more
        assert len(await intake.next()) == 1  # ten of twelve, whose rest is of the same piece
        assert ids(await intake.next()) == ["13", "14"]
        assert intake.offer([asked(1)])

    run(test())


def test_what_waits_for_room_is_taken_when_nothing_more_is_read() -> None:
    async def test() -> None:
        intake = Intake(5, 10)
        await intake.take(arrival(0, 5))
        more = asyncio.create_task(intake.take(arrival(5, 2)))
        await asyncio.sleep(0)
        more.cancel()
        with pytest.raises(asyncio.CancelledError):
            await more
        intake.close()
        assert ids(await intake.next()) == ["0", "1", "2", "3", "4", "5", "6"]
        assert await intake.next() == []

    run(test())
