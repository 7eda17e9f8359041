"""Policies: what each does, and that all events at once and one by one end in the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.backtest.policies import Action, Blocking, Desk, Policy, act

P, A, U, O, B = Action  # noqa: E741 - as many letters as there are actions


def events(text: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Events as they are written: ``a!`` is a flagged one of card a, ``|`` begins a day."""
    day, found = 0, []
    for word in text.split():
        if word == "|":
            day += 1
        else:
            found.append((ord(word[0]), day, word.endswith("!")))
    cards, days, flagged = zip(*found, strict=True)
    return np.array(cards, np.uint64), np.array(days, np.int64), np.array(flagged, np.bool_)


def one_by_one(
    policy: Policy, cards: np.ndarray, days: np.ndarray, flagged: np.ndarray
) -> list[Action]:
    desk = Desk(policy)
    each = zip(cards.tolist(), days.tolist(), flagged.tolist(), strict=True)
    return [desk.act(card, day, flagged=flag) for card, day, flag in each]


@pytest.mark.parametrize(
    ("policy", "stream", "expected"),
    [
        (Policy(), "a a! b! a!", [P, A, A, A]),
        (Policy(budget=2), "a! b! c! c | a! a!", [A, A, O, P, A, A]),
        (Policy(budget=0), "a! a", [O, P]),
        (Policy(blocking="pool"), "a! a b! | a! a c", [A, B, A, B, B, P]),
        (Policy(reviews=1), "a! b! a! | b! a!", [A, U, A, A, U]),
        (Policy(reviews=0, blocking="saved"), "a! a!", [U, U]),
        # What comes on a blocked card is no alert, so that it uses up neither budget nor people.
        (Policy(budget=2, blocking="pool"), "a! a! a! b! c! a! c! | c!", [A, B, B, A, O, B, O, A]),
        (Policy(reviews=1, blocking="pool"), "a! b! a | b! a!", [A, U, B, A, B]),
        # An alert that nobody looks at is an alert, and its card is not blocked.
        (Policy(budget=3, reviews=1, blocking="pool"), "a! b! b! c! b! a!", [A, U, U, O, O, B]),
        # A card found before the budget ended is blocked, one found after it is not.
        (Policy(budget=1, blocking="saved"), "a! b! a! b! | b! b", [A, O, B, O, A, B]),
    ],
)
def test_what_becomes_of_events(policy: Policy, stream: str, expected: list[Action]) -> None:
    made = events(stream)
    assert one_by_one(policy, *made) == expected
    assert act(policy, *made).tolist() == expected


limits = st.none() | st.integers(0, 4)


@settings(max_examples=500)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 4), st.booleans()), max_size=60),
    limits,
    st.sampled_from(["none", "pool", "saved"]),
    limits,
)
def test_all_at_once_is_as_one_by_one(
    drawn: list[tuple[int, int, bool]], budget: int | None, blocking: Blocking, reviews: int | None
) -> None:
    policy = Policy(budget, blocking, reviews)
    cards = np.array([card for card, _, _ in drawn], np.uint64)
    # Many events of a day, of which some days have none.
    days = np.sort(np.array([day * day for _, day, _ in drawn], np.int64))
    flagged = np.array([flag for _, _, flag in drawn], np.bool_)
    assert act(policy, cards, days, flagged).tolist() == one_by_one(policy, cards, days, flagged)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=40),
    st.integers(0, 39),
    limits,
    limits,
)
def test_no_action_depends_on_what_comes_later(
    drawn: list[tuple[int, bool]], kept: int, budget: int | None, reviews: int | None
) -> None:
    policy = Policy(budget, "pool", reviews)
    cards = np.array([card for card, _ in drawn], np.uint64)
    flagged = np.array([flag for _, flag in drawn], np.bool_)
    days = np.arange(len(drawn), dtype=np.int64) // 10
    whole = act(policy, cards, days, flagged)
    assert act(policy, cards[:kept], days[:kept], flagged[:kept]).tolist() == whole[:kept].tolist()
