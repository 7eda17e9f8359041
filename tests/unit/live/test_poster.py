"""The poster, with a client that answers as it is told: what it posts when, and what it tells."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

import pytest

from engine.clock import elapsed
from engine.errors import OutputError
from engine.live.backoff import Backoff
from engine.live.connection import Answer, Done, Failure, Posts
from engine.live.errors import KeyRejectedError
from engine.live.flag import Flag, Outcome, Reply
from engine.live.http import Response
from engine.live.poster import Poster
from engine.live.posting import PosterOptions
from processes import PATIENCE_SECONDS
from unit.replay.judge.clients import run

YES = Response(200, b'{"success": true, "reason": "ok"}', None, keeps=True)
NO = Response(200, b'{"success": false, "reason": "expired"}', None, keeps=True)
BUSY = Response(503, b"", None, keeps=True)
UNAUTHORISED = Response(401, b"", None, keeps=True)
RESET = Failure("reset", connected=True)
REFUSED = Failure("refused", connected=False)
SOON = Backoff(0.001, 0.002)
QUICK = PosterOptions(attempt=5.0, last=0.01, backoff=SOON, cut_off=SOON)


@dataclass
class Client:
    """Answers each post at once, or never if it is told None."""

    answer: Callable[[Flag], Answer | None]
    room: int = 4
    together: int = 1
    posts: list[tuple[int, int, float]] = field(default_factory=list)  # sequence, value, left
    most_under_way: int = 0
    under_way: int = 0
    closed: bool = False

    def post(self, posts: Posts, done: Done) -> None:
        flags = [flag for flag, _ in posts]
        assert self.room > 0
        assert 0 < len(flags) <= self.together
        self.room -= 1
        self.under_way += len(flags)
        self.most_under_way = max(self.most_under_way, self.under_way)
        for flag, due in posts:
            assert due <= flag.deadline
            self.posts.append((flag.sequence, flag.value, flag.deadline - elapsed()))
        asyncio.get_running_loop().call_soon(self._answered, flags, done)

    def close(self) -> None:
        self.closed = True

    def _answered(self, flags: Sequence[Flag], done: Done) -> None:
        found = [(flag, self.answer(flag)) for flag in flags]
        answers = [(flag, answer) for flag, answer in found if answer is not None]
        if answers:
            self.room += answers[-1][0] is flags[-1]
            self.under_way -= len(answers)
            done(answers)


@dataclass
class Sink:
    """Keeps what it is handed."""

    replies: list[Reply] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)

    async def __call__(self, replies: list[Reply]) -> None:
        self.batches.append(len(replies))
        self.replies += replies
        await asyncio.sleep(0)

    def of(self, sequence: int) -> list[tuple[Outcome, int | None]]:
        return [(one.outcome, one.status) for one in self.replies if one.sequence == sequence]


def flags(count: int, seconds: float = 30.0, first: int = 0) -> list[Flag]:
    now = elapsed()
    return [Flag(first + one, f"event-{one}", one % 2, now + seconds) for one in range(count)]


async def posted(poster: Poster, added: Sequence[Flag] = ()) -> None:
    """Post flags until nothing is left of them, and stop."""
    running = asyncio.create_task(poster.run())
    poster.add(added)
    assert await poster.drain(elapsed() + PATIENCE_SECONDS)
    await stopped(running)


async def stopped(running: "asyncio.Task[None]") -> None:
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


def test_each_flag_is_posted_with_its_value_and_its_reply_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A machine that is slow to post would hand on what there is by then.
    monkeypatch.setattr("engine.live.outbox._LINGER_SECONDS", PATIENCE_SECONDS)

    async def test() -> None:
        client, sink = Client(lambda flag: NO if flag.sequence == 3 else YES), Sink()
        poster = Poster(client, sink)
        await posted(poster, flags(1_000))
        assert [(sequence, value) for sequence, value, _ in client.posts] == [
            (one, one % 2) for one in range(1_000)
        ]
        assert [one.sequence for one in sink.replies] == list(range(1_000))
        assert sink.of(3) == [(Outcome.REFUSED, 200)]
        assert sink.of(4) == [(Outcome.RECORDED, 200)]
        first = sink.replies[0]
        assert (first.attempt, first.reason) == (1, "ok")
        assert 0.0 < first.left <= 30.0
        assert first.at > 1_700_000_000_000_000
        assert max(sink.batches) >= 256
        assert len(sink.batches) <= 250
        assert client.most_under_way <= 4
        assert client.closed
        figures = poster.figures
        assert (figures.posts, figures.recorded, figures.refused) == (1_000, 999, 1)

    run(test())


def test_as_few_go_together_as_there_is_room_for() -> None:
    async def test() -> None:
        client, sink = Client(lambda _: YES, together=8), Sink()
        sizes: list[int] = []
        post = client.post

        def posting(posts: Posts, done: Done) -> None:
            sizes.append(len(posts))
            post(posts, done)

        client.post = posting  # type: ignore[method-assign] # to see how many go together
        poster = Poster(client, sink)
        running = asyncio.create_task(poster.run())
        for some, expected in ((3, [1, 1, 1]), (9, [3, 3, 3]), (100, [8, 8, 8, 8])):
            sizes.clear()
            poster.add(flags(some, first=poster.figures.posts))
            assert sizes == expected  # by what was free
            assert await poster.drain(elapsed() + PATIENCE_SECONDS)
        await stopped(running)
        assert [sequence for sequence, _, _ in client.posts] == list(range(112))
        assert all(sink.of(one) == [(Outcome.RECORDED, 200)] for one in range(112))
        assert poster.figures.under_way == 0

    run(test())


@pytest.mark.parametrize("answer", [BUSY, RESET, REFUSED])
def test_what_may_come_right_is_posted_again_with_the_same_value(answer: Answer) -> None:
    async def test() -> None:
        client = Client(lambda flag: YES if flag.attempts == 3 else answer)
        sink = Sink()
        await posted(Poster(client, sink, options=QUICK), flags(20))
        status = answer.status if isinstance(answer, Response) else None
        for one in range(20):
            assert sink.of(one) == [(Outcome.RETRY, status)] * 2 + [(Outcome.RECORDED, 200)]
        assert {(sequence, value) for sequence, value, _ in client.posts} == {
            (one, one % 2) for one in range(20)
        }
        assert [one.attempt for one in sink.replies if one.sequence == 7] == [1, 2, 3]

    run(test())


def test_a_hold_that_ends_between_two_readings_of_the_clock_holds_up_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Each reading is a tenth of a millisecond later than it would be: as if a busy machine took
    # that long from one to the next, while no hold is longer than two milliseconds.
    readings = count(1)
    monkeypatch.setattr("engine.live.poster.elapsed", lambda: elapsed() + next(readings) / 10_000)

    async def test() -> None:
        client, sink = Client(lambda flag: YES if flag.attempts == 3 else REFUSED), Sink()
        await posted(Poster(client, sink, options=QUICK), flags(100, seconds=100_000.0))
        outcomes = Counter(one.outcome for one in sink.replies)
        assert outcomes == {Outcome.RETRY: 200, Outcome.RECORDED: 100}

    run(test())


def test_nothing_is_posted_after_its_deadline_and_it_expires_once() -> None:
    async def test() -> None:
        client, sink = Client(lambda _: BUSY), Sink()
        poster = Poster(client, sink, options=QUICK)
        await posted(poster, flags(5, seconds=0.1))
        ends = [one for one in sink.replies if one.outcome is Outcome.EXPIRED]
        last = {one.sequence: one.attempt for one in sink.replies if one.outcome is Outcome.RETRY}
        assert [one.attempt for one in ends] == [last[one.sequence] + 1 for one in ends]
        for one in range(5):
            outcomes = [outcome for outcome, _ in sink.of(one)]
            assert outcomes[-1] is Outcome.EXPIRED
            assert outcomes[:-1] == [Outcome.RETRY] * (len(outcomes) - 1)
        assert all(one.left <= 0.0 for one in ends)
        assert poster.figures.expired == 5

    run(test())


def test_what_comes_too_late_is_not_posted_at_all() -> None:
    async def test() -> None:
        client, sink = Client(lambda _: YES), Sink()
        await posted(Poster(client, sink), [*flags(2, seconds=-1.0), *flags(1, first=2)])
        assert [sequence for sequence, *_ in client.posts] == [2]
        assert sink.of(0) == sink.of(1) == [(Outcome.EXPIRED, None)]

    run(test())


def test_what_waits_while_nothing_is_answered_expires_in_time() -> None:
    async def test() -> None:
        client, sink = Client(lambda _: None, room=1), Sink()
        poster = Poster(client, sink)
        running = asyncio.create_task(poster.run())
        poster.add(flags(3, seconds=0.05))
        assert not await poster.drain(elapsed() + 0.2)  # the first is under way
        assert poster.figures.expired == 2
        await stopped(running)
        assert sink.of(1) == sink.of(2) == [(Outcome.EXPIRED, None)]

    run(test())


def test_a_wish_to_wait_is_heeded_but_for_a_last_attempt() -> None:
    async def test() -> None:
        long = Response(429, b"", b"3600", keeps=True)
        client = Client(lambda flag: long if flag.attempts == 1 else YES)
        sink = Sink()
        options = PosterOptions(last=0.2, backoff=SOON)
        await posted(Poster(client, sink, options=options), flags(1, seconds=0.5))
        assert sink.of(0) == [(Outcome.RETRY, 429), (Outcome.RECORDED, 200)]
        assert client.posts[1][2] <= 0.2

    run(test())


def test_while_nothing_can_be_reached_flags_are_not_posted_all_at_once() -> None:
    async def test() -> None:
        there = False
        client, sink = Client(lambda _: YES if there else REFUSED, room=8), Sink()
        options = PosterOptions(backoff=SOON, cut_off=Backoff(0.02, 0.02))
        poster = Poster(client, sink, options=options)
        running = asyncio.create_task(poster.run())
        poster.add(flags(500))
        await asyncio.sleep(0.01)
        client.most_under_way = 0
        await asyncio.sleep(0.2)
        assert client.most_under_way == 1
        assert poster.waiting + poster.figures.under_way == 500
        there = True
        assert await poster.drain(elapsed() + PATIENCE_SECONDS)
        await stopped(running)
        assert poster.figures.recorded == 500
        assert client.most_under_way == 8

    run(test())


def test_a_key_that_is_refused_again_and_again_ends_it() -> None:
    async def test() -> None:
        client, sink = Client(lambda _: UNAUTHORISED), Sink()
        poster = Poster(client, sink)
        running = asyncio.create_task(poster.run())
        poster.add(flags(8))
        with pytest.raises(KeyRejectedError, match="401, 8 times"):
            await running
        assert [one.outcome for one in sink.replies] == [Outcome.REFUSED] * 8
        assert not any(sink.of(one)[1:] for one in range(8))

    run(test())


def test_a_key_that_is_refused_now_and_then_does_not() -> None:
    async def test() -> None:
        client, sink = Client(lambda flag: YES if flag.sequence % 8 == 7 else UNAUTHORISED), Sink()
        poster = Poster(client, sink)
        await posted(poster, flags(80))
        assert poster.figures.refused == 70

    run(test())


def test_pending_flags_are_loaded_first_and_none_twice() -> None:
    async def test() -> None:
        ledger = flags(300)
        asked: list[tuple[int, int]] = []

        async def load(after: int, limit: int) -> list[Flag]:
            asked.append((after, limit))
            if len(asked) == 1:
                raise OutputError("the ledger is locked (was: for a second)", hint="wait")
            await asyncio.sleep(0)
            return [one for one in ledger if one.sequence > after][:limit]

        client, sink = Client(lambda _: YES), Sink()
        options = PosterOptions(most=40)
        poster = Poster(client, sink, load, options)
        running = asyncio.create_task(poster.run())
        more = flags(50, first=300)
        for one in more:
            ledger.append(one)
            poster.add([one])
            await asyncio.sleep(0)
        assert await poster.drain(elapsed() + PATIENCE_SECONDS)
        await stopped(running)
        assert [sequence for sequence, *_ in client.posts] == list(range(350))
        assert len(sink.replies) == 350
        assert all(limit <= 40 for _, limit in asked)

    run(test())


def test_replies_wait_for_a_sink_that_fails_and_each_is_handed_over_once() -> None:
    async def test() -> None:
        sink, failures = Sink(), iter([True, False])

        async def failing(replies: list[Reply]) -> None:
            if next(failures, False):
                raise OutputError("disk full (was: 0 bytes free)", hint="free some space")
            await sink(replies)

        await posted(Poster(Client(lambda _: YES), failing), flags(300))
        assert [one.sequence for one in sink.replies] == list(range(300))

    run(test())


def test_a_defect_of_the_sink_ends_it() -> None:
    async def test() -> None:
        async def broken(_: list[Reply]) -> None:
            raise ZeroDivisionError

        poster = Poster(Client(lambda _: YES), broken)
        running = asyncio.create_task(poster.run())
        poster.add(flags(1))
        with pytest.raises(ZeroDivisionError):
            await running

    run(test())


def test_a_stop_tells_all_replies_there_are_and_nothing_is_posted_after_it() -> None:
    async def test() -> None:
        client, sink = Client(lambda flag: YES if flag.sequence < 10 else None), Sink()
        poster = Poster(client, sink)
        running = asyncio.create_task(poster.run())
        poster.add(flags(50))
        for _ in range(100):
            await asyncio.sleep(0)
        assert not await poster.drain(elapsed())
        await stopped(running)
        assert [one.sequence for one in sink.replies] == list(range(10))
        posts = len(client.posts)
        poster.add(flags(5, first=50))
        await asyncio.sleep(0.01)
        assert (len(client.posts), client.closed) == (posts, True)

    run(test())
