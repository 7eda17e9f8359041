"""The backlog: the earliest deadline first, in bounded memory, and nothing is forgotten."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from engine.live.backlog import Backlog
from engine.live.flag import Flag


def flag(sequence: int, deadline: float | None = None) -> Flag:
    return Flag(
        sequence, f"event-{sequence}", 0, 100.0 + sequence if deadline is None else deadline
    )


def flags(first: int, last: int) -> list[Flag]:
    return [flag(sequence) for sequence in range(first, last)]


def taken(backlog: Backlog, now: float = 0.0) -> list[int]:
    found = []
    while (one := backlog.take(now)) is not None:
        found.append(one.sequence)
    return found


def test_the_earliest_deadline_comes_first_whatever_the_order() -> None:
    backlog = Backlog(10)
    backlog.add([flag(0, 9.0), flag(1, 3.0), flag(2, 5.0), flag(3, 9.0), flag(4, 1.0)])
    assert len(backlog) == 5
    assert taken(backlog) == [4, 1, 2, 0, 3]
    assert len(backlog) == 0


def test_what_is_to_be_posted_again_waits_and_then_has_its_turn() -> None:
    backlog = Backlog(10)
    first, second = flag(0, 5.0), flag(1, 6.0)
    backlog.again(first, 2.0)
    backlog.add([second])
    assert backlog.next_at() == 2.0
    assert taken(backlog, 1.9) == [1]
    backlog.again(second, 1.0)
    assert taken(backlog, 2.0) == [0, 1]
    assert backlog.next_at() is None


def test_what_has_expired_is_taken_out_wherever_it_is() -> None:
    backlog = Backlog(10)
    backlog.add([flag(0, 5.0), flag(1, 8.0)])
    backlog.again(flag(2, 5.0), 1.0)  # ready by then
    backlog.again(flag(3, 5.0), 5.0)  # waits until its deadline
    backlog.again(flag(4, 9.0), 7.0)
    assert backlog.expired(4.9) == []
    assert sorted(one.sequence for one in backlog.expired(5.0)) == [0, 2, 3]
    assert backlog.next_at() == 7.0
    assert taken(backlog, 7.0) == [1, 4]


def test_the_newest_stay_in_the_ledger_until_there_is_room() -> None:
    backlog = Backlog(8)
    backlog.add(flags(0, 20))
    assert (len(backlog), backlog.behind) == (8, True)
    assert backlog.wanted() is None  # there is no room yet
    first = [backlog.take(0.0) for _ in range(6)]
    assert [one.sequence for one in first if one] == [0, 1, 2, 3, 4, 5]
    assert backlog.wanted() == (7, 4)
    assert backlog.wanted() is None  # that is under way
    backlog.loaded(flags(8, 12), 4)
    assert backlog.behind
    assert taken(backlog) == list(range(6, 12))
    assert backlog.wanted() == (11, 4)
    backlog.not_loaded()
    assert backlog.wanted() == (11, 4)
    backlog.loaded(flags(12, 15), 4)
    assert not backlog.behind
    assert taken(backlog) == [12, 13, 14]


def test_what_is_pending_from_before_comes_first_and_nothing_twice() -> None:
    backlog = Backlog(100, behind=True)
    backlog.add(flags(5, 7))
    assert len(backlog) == 0
    assert backlog.wanted() == (-1, 50)
    backlog.add(flags(7, 9))  # recorded before or after the ledger is read: nobody knows
    backlog.loaded(flags(0, 8), 50)
    assert not backlog.behind
    assert taken(backlog) == list(range(9))
    backlog.add(flags(8, 10))
    assert taken(backlog) == [9]


def test_too_much_put_aside_is_left_to_the_ledger() -> None:
    backlog = Backlog(8, behind=True)
    assert backlog.wanted() == (-1, 4)
    backlog.add(flags(0, 10))
    backlog.loaded([], 4)
    assert (backlog.behind, len(backlog)) == (True, 0)
    assert backlog.wanted() == (-1, 4)


class Play:
    """A backlog and its ledger, of which anything may happen at any time."""

    def __init__(self, most: int, recorded: int) -> None:
        self.backlog = Backlog(most, behind=recorded > 0)
        self.recorded = self.handed_in = recorded
        self.asked: list[tuple[list[Flag], int]] = []  # what was read, and not yet handed back
        self.found: list[int] = []

    def record(self, count: int) -> None:
        self.recorded += count

    def hand_in(self, count: int) -> None:  # what was recorded, maybe some time ago
        upto = min(self.recorded, self.handed_in + count)
        self.backlog.add(flags(self.handed_in, upto))
        self.handed_in = upto

    def take(self, count: int) -> None:
        for _ in range(count):
            one = self.backlog.take(0.0)
            self.found += [] if one is None else [one.sequence]

    def ask(self, _count: int) -> None:
        wanted = self.backlog.wanted()
        if wanted is not None:
            after, limit = wanted
            self.asked.append((flags(after + 1, min(self.recorded, after + 1 + limit)), limit))

    def answer(self, _count: int) -> None:
        if self.asked:
            self.backlog.loaded(*self.asked.pop())

    def fail(self, _count: int) -> None:
        if self.asked:
            self.asked.pop()
            self.backlog.not_loaded()

    def settle(self) -> None:
        self.hand_in(self.recorded)
        while self.asked or self.backlog.behind or len(self.backlog):
            self.take(len(self.backlog))
            self.ask(0)
            self.answer(0)


STEPS = st.tuples(
    st.sampled_from([Play.record, Play.hand_in, Play.take, Play.ask, Play.answer, Play.fail]),
    st.integers(1, 9),
)


@given(st.lists(STEPS, max_size=60), st.integers(4, 12), st.sampled_from([0, 7]))
def test_every_flag_is_taken_once_in_order_however_things_interleave(
    steps: list[tuple[Callable[[Play, int], None], int]], most: int, recorded: int
) -> None:
    play = Play(most, recorded)
    for step, count in steps:
        step(play, count)
        assert len(play.backlog) <= most
    play.settle()
    assert play.found == list(range(play.recorded))


class Mixed:
    """A backlog and a ledger whose decisions are not all to be posted, or not until later."""

    def __init__(self, most: int, recorded: int) -> None:
        self.backlog = Backlog(most, behind=recorded > 0)
        self.next = 0
        self.spare: list[int] = []  # of the API: nobody has asked for their flags yet
        self.to_post: set[int] = set()
        self.batches: list[tuple[list[int], list[int]]] = []  # recorded, and not yet handed in
        self.asked: list[tuple[list[Flag], int]] = []
        self.found: list[int] = []
        self.record(recorded)
        self.batches.clear()

    def record(self, count: int) -> None:
        adopted, self.spare = self.spare[: count // 2], self.spare[count // 2 :]
        came = range(self.next, self.next + count)
        self.next += count
        self.spare += [one for one in came if one % 3 == 1]
        wanted = [one for one in came if one % 3 != 1]
        self.to_post |= {*wanted, *adopted}
        self.batches.append((wanted, adopted))

    def hand_in(self, _count: int) -> None:
        if self.batches:
            wanted, adopted = self.batches.pop(0)
            self.backlog.add(map(flag, wanted))
            self.backlog.adopt(map(flag, adopted))

    def take(self, count: int) -> None:
        for _ in range(count):
            one = self.backlog.take(0.0)
            self.found += [] if one is None else [one.sequence]

    def ask(self, _count: int) -> None:
        wanted = self.backlog.wanted()
        if wanted is not None:
            after, limit = wanted
            there = sorted(one for one in self.to_post if one > after)[:limit]
            flags = [flag(one) for one in there]
            for one in flags:
                one.adopted = one.sequence % 3 == 1
            self.asked.append((flags, limit))

    def answer(self, _count: int) -> None:
        if self.asked:
            self.backlog.loaded(*self.asked.pop())

    def fail(self, _count: int) -> None:
        if self.asked:
            self.asked.pop()
            self.backlog.not_loaded()

    def settle(self) -> None:
        while self.batches:
            self.hand_in(0)
        while self.asked or self.backlog.behind or len(self.backlog):
            self.take(len(self.backlog))
            self.ask(0)
            self.answer(0)


MIXED_STEPS = st.tuples(
    st.sampled_from([Mixed.record, Mixed.hand_in, Mixed.take, Mixed.ask, Mixed.answer, Mixed.fail]),
    st.integers(1, 9),
)


@given(st.lists(MIXED_STEPS, max_size=60), st.integers(4, 12), st.sampled_from([0, 7]))
def test_what_is_adopted_is_taken_once_too(
    steps: list[tuple[Callable[[Mixed, int], None], int]], most: int, recorded: int
) -> None:
    play = Mixed(most, recorded)
    for step, count in steps:
        step(play, count)
    play.settle()
    assert sorted(play.found) == sorted(play.to_post)
