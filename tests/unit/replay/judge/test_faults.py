"""The table of faults, how they are written, and the plan that follows from the seed alone."""

import numpy as np
import pytest

from engine.errors import InputError
from replay.judge.draws import Draws, shares
from replay.judge.faults import FAULTS, Place, fault_help
from replay.judge.plan import BITS, Plan, make_plan
from unit.replay.judge.cases import faults

COUNT = 20_000


def plan(text: str, *, count: int = COUNT, seed: int = 1, rate: float | None = 50.0) -> Plan:
    return make_plan(count, faults(text, timed=rate is not None), seed, rate)


def numbers_with(made: Plan, name: str) -> list[int]:
    places = made.places_of(name)
    return sorted(made.events[places].tolist())


def test_the_forms_of_a_fault() -> None:
    found = faults(
        "drop=0.25, stall=1.5s,disconnect=60s,reorder=20@0.5,long=64kB@1,flag-slow=200ms@0.1,dup"
    )
    assert [(f.kind.name, f.share, f.every, f.size) for f in found.values()] == [
        ("drop", 0.25, None, 0.0),
        ("stall", 0.001, None, 1.5),
        ("disconnect", 0.0, 60.0, 0.0),
        ("reorder", 0.5, None, 20),
        ("long", 1.0, None, 64_000),
        ("flag-slow", 0.1, None, 0.2),
        ("dup", 0.01, None, 0.0),
    ]


def test_the_list_of_the_issue_is_understood() -> None:
    text = "drop=0.01,dup=0.02,reorder=0.05,stall=10s,disconnect=60s,flag-503=0.1,flag-slow=2s"
    assert len(faults(text)) == 7
    assert faults("reorder=0.05")["reorder"].size == 8


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: kind.name)
def test_every_fault_is_taken_as_the_help_shows_it(kind: object) -> None:
    name = kind.name  # type: ignore[attr-defined] # a row of the table
    (line,) = [line for line in fault_help().splitlines() if line.strip().startswith(f"{name}=")]
    written = line.split()[0]
    assert faults(written) == faults(name)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rain=1", "unknown fault"),
        ("drop,drop", "twice"),
        ("drop=2", "not how often"),
        ("drop=-1", "drop"),
        ("drop=5s@0.1", "has no size"),
        ("drop=0s", "not how often"),
        ("stall=@0.1", "something is left out"),
        ("stall=10s@", "something is left out"),
        ("stall=", "something is left out"),
        ("drop=@0.1", "something is left out"),
        ("flag-503=60s", "not how often"),
        ("stall=x@0.1", "not a span"),
        ("reorder=0@0.1", "not a size"),
        ("reorder=4", "not how often"),
        ("long=10GB", "not a size"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        faults(text)


def test_spans_between_faults_need_a_rate() -> None:
    with pytest.raises(InputError, match="--rate max"):
        faults("disconnect=60s", timed=False)
    assert plan("disconnect=2s", count=250, rate=50.0).places_of("disconnect") == [99, 199]


def test_without_faults_all_go_out_in_order() -> None:
    made = plan("")
    assert made.events.tolist() == list(range(COUNT))
    assert not made.marks.any()
    assert not made.dropped.any()


def test_dropped_events_are_never_sent() -> None:
    made = plan("drop=0.1,dup=0.5,reorder=0.5")
    gone = set(np.flatnonzero(made.dropped).tolist())
    assert 0.08 < len(gone) / COUNT < 0.12
    assert not gone.intersection(made.events.tolist())
    assert set(made.events.tolist()) == set(range(COUNT)) - gone


def test_copies_come_once_and_up_to_eight_events_later() -> None:
    made = plan("dup=0.1")
    places: dict[int, list[int]] = {}
    for place, number in enumerate(made.events.tolist()):
        places.setdefault(number, []).append(place)
    copied = {number: found for number, found in places.items() if len(found) > 1}
    assert 0.08 < len(copied) / COUNT < 0.12
    assert all(len(found) == 2 for found in copied.values())
    order = made.events.tolist()
    for number, (first, second) in copied.items():
        between = set(order[first + 1 : second]) - {number}
        assert len([other for other in between if other > number]) <= 8


def test_a_late_event_has_one_to_as_many_events_before_it_as_said() -> None:
    made = plan("reorder=3@0.01")
    order = made.events.tolist()
    late = 0
    overtaken: set[int] = set()
    for place, number in enumerate(order):
        ahead = [other for other in order[max(0, place - 20) : place] if other > number]
        assert len(ahead) <= 3
        late += bool(ahead)
        overtaken.update(ahead)
    assert 0.005 < late / COUNT < 0.015


@pytest.mark.parametrize("name", list(BITS))
def test_faults_of_an_event_do_not_depend_on_other_faults_or_on_the_count(name: str) -> None:
    alone = numbers_with(plan(f"{name}=0.02"), name)
    assert 0.01 < len(alone) / COUNT < 0.03
    among = plan(f"drop=0.2,reorder=0.2,dup=0.2,{name}=0.02")
    kept = [number for number in alone if not among.dropped[number]]
    assert sorted(set(numbers_with(among, name))) == kept
    short = numbers_with(plan(f"{name}=0.02", count=COUNT // 2), name)
    assert short == [number for number in alone if number < COUNT // 2]
    assert numbers_with(plan(f"{name}=0.02", seed=2), name) != alone


def test_of_a_copy_only_what_it_says_is_wrong() -> None:
    made = plan("dup=1," + ",".join(f"{name}=1" for name in BITS), count=100)
    content = sum(BITS[kind.name] for kind in FAULTS if kind.place is Place.CONTENT)
    seen: set[int] = set()
    for number, marks in zip(made.events.tolist(), made.marks.tolist(), strict=True):
        assert marks == (content if number in seen else sum(BITS.values()))
        seen.add(number)


def test_jumps_of_the_clock_add_up() -> None:
    made = plan("clock-back=0.01")
    jumps = numbers_with(made, "clock-back")
    expected = [sum(jump <= number for jump in jumps) for number in range(0, COUNT, 997)]
    assert made.clock_jumps[::997].tolist() == expected


def test_draws_follow_from_seed_name_and_numbers() -> None:
    one = Draws(1, "flag-503")
    again = [Draws(1, "flag-503").share(5, attempt) for attempt in (2, 1, 0)]
    assert again == [one.share(5, 2), one.share(5, 1), one.share(5)]
    assert len({*again, Draws(2, "flag-503").share(5), Draws(1, "flag-429").share(5)}) == 5
    drawn = [one.share(number) for number in range(4_000)]
    assert 0.45 < sum(drawn) / len(drawn) < 0.55
    assert min(drawn) >= 0
    assert max(drawn) < 1
    assert shares(1, "drop", 10).tolist() == shares(1, "drop", 20)[:10].tolist()
