"""Laws that hold for every backend without an oracle."""

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from conformance.bits import assert_same_bits
from conformance.logs import LOG, log_of_rows, over
from conformance.sets import SETS
from conformance.streams import Row, rows_at, streams
from engine.backends import Backend
from engine.catalog import notebook

NOTEBOOK = over(LOG, notebook)
# A backend that has the reference's bits keeps the laws that the reference keeps: the comparisons
# with it get all examples, the laws a fifth.
LAW = settings(max_examples=max(settings.default.max_examples // 5, 10))


@pytest.mark.parametrize("name", SETS)
@LAW
@given(data=st.data())
def test_s3_8_the_future_changes_nothing(backend: Backend, name: str, data: DataObject) -> None:
    """Whatever comes after an event in the order, it and those before it keep their features.

    All that follows the event is taken away and another future put in its place: in its own
    instant if it arrives later, at any later instant wherever it arrives.
    """
    features = SETS[name](data, "s")
    rows = data.draw(streams(LOG, min_size=1), label="rows")
    events = log_of_rows(LOG, rows)
    order = sorted(range(len(rows)), key=lambda row: (rows[row]["unix_time"], row))
    last = data.draw(st.integers(0, len(rows) - 1), label="the last that is kept")
    now = rows[order[last]]["unix_time"]
    kept = sorted(order[: last + 1])

    other: list[Row | int] = list(kept)
    for row in data.draw(_futures_of(now), label="another future"):
        other.insert(data.draw(st.integers(0, len(other)), label="arrival"), row)
    other += data.draw(st.lists(rows_at(LOG, st.just(now)), max_size=3), label="later ties")
    places = [place for place, row in enumerate(other) if isinstance(row, int)]
    changed = [rows[row] if isinstance(row, int) else row for row in other]

    before = backend.compute(features, events)[kept]
    after = backend.compute(features, log_of_rows(LOG, changed))[places]
    assert_same_bits(after, before, features, events[kept])


def _futures_of(now: object) -> st.SearchStrategy[list[Row]]:
    assert isinstance(now, int)
    spans = (1, 2, 60, 61, 900, 3_600, 86_400, 604_800)
    later = [now + span for span in spans if now + span in LOG.instants]
    # After the last instant of the calendar there is none.
    rows = rows_at(LOG, st.sampled_from(later)) if later else st.nothing()
    return st.lists(rows, max_size=8 if later else 0)


@pytest.mark.parametrize("name", SETS)
@LAW
@given(data=st.data())
def test_s3_9_arrival_matters_between_ties_only(
    backend: Backend, name: str, data: DataObject
) -> None:
    """Events in another arrival order have the same features, if ties keep theirs."""
    features = SETS[name](data, "s")
    events = log_of_rows(LOG, data.draw(streams(LOG), label="rows"))
    shuffled = data.draw(st.permutations(range(events.height)), label="arrival")
    # The instants arrive as shuffled, the events of each of them one after the other as before.
    of_time: dict[int, list[int]] = {}
    for row, time in enumerate(events["unix_time"]):
        of_time.setdefault(time, []).append(row)
    queues = {time: iter(of_time[time]) for time in of_time}
    arrival = [next(queues[events["unix_time"][row]]) for row in shuffled]

    permuted = events[arrival]
    expected = backend.compute(features, events)[arrival]
    assert_same_bits(backend.compute(features, permuted), expected, features, permuted)


@LAW
@given(data=st.data())
def test_a_feature_does_not_depend_on_its_company(backend: Backend, data: DataObject) -> None:
    """A set of some of the features, in another order, gives each the same values."""
    whole = SETS["part of broad"](data, "s")
    events = log_of_rows(LOG, data.draw(streams(LOG), label="rows"))
    some = data.draw(
        st.lists(st.sampled_from(whole.features), min_size=1, max_size=6, unique=True),
        label="features",
    )
    part = replace(whole, features=tuple(some))
    expected = backend.compute(whole, events).select(part.names)
    assert_same_bits(backend.compute(part, events), expected, part, events)


@LAW
@given(data=st.data())
def test_a_card_does_not_depend_on_other_cards(backend: Backend, data: DataObject) -> None:
    """The features of the notebook are all per card: without the others they are the same."""
    features = NOTEBOOK
    events = log_of_rows(LOG, data.draw(streams(LOG), label="rows"))
    alone = pl.col("cc_num").eq_missing(1)
    expected = backend.compute(features, events).filter(events.select(alone).to_series())
    one = events.filter(alone)
    assert_same_bits(backend.compute(features, one), expected, features, one)


@LAW
@given(data=st.data())
def test_s10_the_order_of_keys_changes_nothing(backend: Backend, data: DataObject) -> None:
    """Cards may arrive one after the other or mixed, if each one's events keep their order."""
    features = NOTEBOOK
    events = log_of_rows(LOG, data.draw(streams(LOG), label="rows"))
    cards = events["cc_num"].unique(maintain_order=True).to_list()
    places = {card: place for place, card in enumerate(data.draw(st.permutations(cards)))}
    arrival = sorted(range(len(events)), key=lambda row: places[events["cc_num"][row]])
    permuted = events[arrival]
    expected = backend.compute(features, events)[arrival]
    assert_same_bits(backend.compute(features, permuted), expected, features, permuted)
