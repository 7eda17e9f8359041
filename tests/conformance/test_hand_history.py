"""Which past an event sees, against tables worked out by hand: windows, ties, keys, labels."""

from dataclasses import replace

import pytest

from conformance.bits import assert_values
from conformance.logs import LOG, log
from engine.backends import Backend
from engine.definition import column, feature, feature_set, key
from engine.definition.nodes import Aggregate

card = key("cc_num")
amt = column("amt")


def test_s3_1_both_ends_are_inclusive(backend: Backend) -> None:
    # A window of 60 s: the first event is seen at 59 and at 60 seconds, not at 61.
    for later, seen in ((1_059, 1), (1_060, 1), (1_061, 0)):
        events = log(cc_num=1, unix_time=[1_000, later])
        assert_values(backend, card.last(seconds=60).count(), events, [0, seen])


def test_s3_1_ties_see_each_other_in_arrival_order(backend: Backend) -> None:
    events = log(cc_num=1, unix_time=[5, 5, 5, 6, 6], amt=[10, 20, 30, 40, 50])
    minute = card.last(seconds=60)
    assert_values(backend, minute.count(), events, [0, 1, 2, 3, 4])
    assert_values(backend, minute.last(amt), events, [None, 0.1, 0.2, 0.3, 0.4])
    assert_values(backend, minute.first(amt), events, [None, 0.1, 0.1, 0.1, 0.1])
    assert_values(backend, card.previous(amt), events, [None, 0.1, 0.2, 0.3, 0.4])
    assert_values(backend, minute.seconds_since_last(), events, [None, 0.0, 0.0, 1.0, 0.0])


def test_s3_1_ties_need_not_be_neighbours_in_the_log(backend: Backend) -> None:
    # Rows 0 and 2 tie, rows 1 and 3 tie; each sees the earlier arrival of its own instant.
    events = log(cc_num=1, unix_time=[7, 9, 7, 9], amt=[1, 2, 3, 4])
    assert_values(backend, card.last(seconds=0).count(), events, [0, 0, 1, 1])
    assert_values(backend, card.last(seconds=2).sum(amt), events, [0.0, 0.04, 0.01, 0.06])


def test_s3_1_the_event_itself_and_the_future_are_out(backend: Backend) -> None:
    events = log(cc_num=1, unix_time=[10, 20, 30], merchant=["a", "b", "a"])
    assert_values(backend, card.ever().n_unique("merchant"), events, [0, 1, 2])
    assert_values(backend, card.ever().exists(), events, [0, 1, 1])


def test_s3_1_a_delayed_window_is_inclusive_at_both_ends(backend: Backend) -> None:
    # Ten seconds until five seconds ago, [t − 15, t − 5], of the times 0, 0, 5, 5, 10, 15, 16:
    # at 5 both of 0; at 10 both of 0 and of 5; at 15 all of [0, 10]; at 16 those of [1, 11].
    events = log(cc_num=1, unix_time=[0, 0, 5, 5, 10, 15, 16], amt=[1, 2, 4, 8, 16, 32, 64])
    late = card.last(seconds=10, delay_seconds=5)
    assert_values(backend, late.count(), events, [0, 0, 2, 2, 4, 5, 3])
    assert_values(backend, late.last(amt), events, [None, None, 0.02, 0.02, 0.08, 0.16, 0.16])
    assert_values(backend, late.first(amt), events, [None, None, 0.01, 0.01, 0.01, 0.01, 0.04])
    assert_values(backend, late.seconds_since_last(), events, [None, None, 5.0, 5.0, 5.0, 5.0, 6.0])


def test_s3_1_with_a_delay_every_event_of_the_last_instant_is_in(backend: Backend) -> None:
    # The second event of instant 0 arrives last of all, and is seen at 5 nevertheless.
    events = log(cc_num=1, unix_time=[0, 5, 0], amt=[1, 2, 4])
    at_once = card.last(delay_seconds=5)
    assert_values(backend, at_once.count(), events, [0, 2, 0])
    assert_values(backend, at_once.last(amt), events, [None, 0.04, None])


def test_s3_2_forever_has_no_lower_end(backend: Backend) -> None:
    events = log(cc_num=1, unix_time=[-62_000_000_000, 0, 5, 250_000_000_000])
    assert_values(backend, card.ever().count(), events, [0, 1, 2, 3])
    assert_values(backend, card.ever(delay_seconds=5).count(), events, [0, 1, 2, 3])
    assert_values(backend, card.ever(delay_seconds=6).count(), events, [0, 1, 1, 3])


def test_s3_3_a_null_key_has_no_history_and_joins_none(backend: Backend) -> None:
    events = log(
        cc_num=[1, None, None, 1, 1], merchant=["a", "a", "a", None, "a"], unix_time=[1, 2, 3, 4, 5]
    )
    assert_values(backend, card.ever().count(), events, [0, 0, 0, 1, 2])
    assert_values(backend, key("merchant").ever().count(), events, [0, 1, 2, 0, 3])
    assert_values(backend, key("cc_num", "merchant").ever().count(), events, [0, 0, 0, 0, 1])
    assert_values(backend, card.previous("merchant"), events, [None, None, None, "a", None])
    # Nobody is without the empty key.
    assert_values(backend, key().ever().count(), events, [0, 1, 2, 3, 4])


def test_s3_3_keys_are_equal_by_every_column(backend: Backend) -> None:
    events = log(
        cc_num=[1, 1, 11, 1], merchant=["11", "1", "1", "11"], terminal=3, unix_time=[1, 2, 3, 4]
    )
    assert_values(backend, key("cc_num", "merchant").ever().count(), events, [0, 0, 0, 1])
    assert_values(backend, key("merchant", "cc_num").ever().count(), events, [0, 0, 0, 1])
    assert_values(
        backend, key("terminal", "merchant", "cc_num").ever().count(), events, [0, 0, 0, 1]
    )
    assert_values(backend, key("terminal").ever().count(), events, [0, 1, 2, 3])


def test_s3_3_empty_text_is_a_key_and_a_value(backend: Backend) -> None:
    events = log(merchant=["", None, "", "ä", "a\u0308"], unix_time=[1, 2, 3, 4, 5])
    assert_values(backend, key("merchant").ever().count(), events, [0, 0, 1, 0, 0])
    assert_values(backend, key().ever().n_unique("merchant"), events, [0, 1, 1, 1, 2])


def test_cards_are_told_apart_by_their_last_digit(backend: Backend) -> None:
    # 19 digits, above 2^63 and far above 2^53: as floats all three would be one card.
    one, other, low = 9_999_999_999_999_999_998, 9_999_999_999_999_999_999, 776_279_022_368_775_808
    events = log(cc_num=[one, other, one, other, low, low + 1], unix_time=[1, 2, 3, 4, 5, 6])
    assert_values(backend, card.ever().count(), events, [0, 0, 1, 1, 0, 0])
    assert_values(backend, key().ever().n_unique("cc_num"), events, [0, 1, 2, 2, 2, 3])


def test_s3_3_null_inputs_are_not_counted(backend: Backend) -> None:
    events = log(
        cc_num=1,
        unix_time=[1, 2, 3, 4],
        amt=[100, None, 300, 0],
        merchant=[None, "a", None, "b"],
        speed=[None, 2.5, None, 1.0],
    )
    past = card.ever()
    assert_values(backend, past.count(), events, [0, 1, 2, 3])
    assert_values(backend, past.count(amt), events, [0, 1, 1, 2])
    assert_values(backend, past.sum(amt), events, [0.0, 1.0, 1.0, 4.0])
    assert_values(backend, past.mean(amt), events, [None, 1.0, 1.0, 2.0])
    assert_values(backend, past.std(amt), events, [None, 0.0, 0.0, 1.0])
    assert_values(backend, past.n_unique("merchant"), events, [0, 0, 1, 1])
    assert_values(backend, past.min("speed"), events, [None, None, 2.5, 2.5])
    assert_values(backend, past.max("speed"), events, [None, None, 2.5, 2.5])


def test_s3_3_first_last_and_previous_take_null_as_it_is(backend: Backend) -> None:
    events = log(cc_num=1, unix_time=[1, 2, 3, 4], amt=[None, 200, None, 0])
    assert_values(backend, card.ever().first(amt), events, [None, None, None, None])
    assert_values(backend, card.ever().last(amt), events, [None, None, 2.0, None])
    assert_values(backend, card.previous(amt), events, [None, None, 2.0, None])


def test_s3_3_a_null_condition_counts_as_false(backend: Backend) -> None:
    events = log(cc_num=1, unix_time=[1, 2, 3, 4], online=[True, None, False, True])
    online = card.ever().where(column("online"))
    assert_values(backend, online.count(), events, [0, 1, 1, 1])
    assert_values(backend, online.seconds_since_last(), events, [None, 1.0, 2.0, 3.0])
    assert_values(backend, online.exists(), events, [0, 1, 1, 1])
    offline = card.ever().where(~column("online"))
    assert_values(backend, offline.count(), events, [0, 0, 0, 1])


def test_conditions_apply_to_the_past_event(backend: Backend) -> None:
    events = log(cc_num=1, unix_time=[1, 2, 3, 4], amt=[-5, 50, -50, 5], merchant=list("abab"))
    refunds = card.ever().where(amt < 0)
    assert_values(backend, refunds.sum(amt), events, [0.0, -0.05, -0.05, -0.55])
    assert_values(backend, refunds.last("merchant"), events, [None, "a", "a", "a"])
    large = refunds.where(amt < -0.1)
    assert_values(backend, large.count(), events, [0, 0, 0, 1])
    # previous with a condition: the latest event for which it holds.
    previous = Aggregate("previous", amt, ("cc_num",), card.ever().window, amt > 0)
    assert_values(backend, previous, events, [None, None, 0.5, 0.5])


EMPTY = {
    "count": 0,
    "sum": 0.0,
    "mean": None,
    "var": None,
    "std": None,
    "min": None,
    "max": None,
    "n_unique": 0,
    "first": None,
    "last": None,
    "previous": None,
    "seconds_since_last": None,
    "exists": 0,
}


@pytest.mark.parametrize("name", EMPTY)
def test_s3_4_every_aggregate_has_its_value_on_an_empty_history(
    backend: Backend, name: str
) -> None:
    # Of the second event the history is empty, of the fourth it holds nulls alone.
    events = log(cc_num=[1, 2, 3, 3], unix_time=[1, 2, 3, 4], amt=[100, 200, None, None])
    argument = None if name in {"count", "seconds_since_last", "exists"} else amt
    aggregate = Aggregate(name, argument, ("cc_num",), card.ever().window)
    nulls_alone = {"count": 1, "seconds_since_last": 1.0, "exists": 1}.get(name, EMPTY[name])
    assert_values(backend, aggregate, events, [EMPTY[name]] * 3 + [nulls_alone])


def test_s3_4_filling_is_written_in_the_definition(backend: Backend) -> None:
    events = log(cc_num=1, unix_time=[1, 2], amt=[None, 100])
    mean = card.ever().mean(amt)
    assert_values(backend, mean, events, [None, None])
    assert_values(backend, mean.fill(0.0), events, [0.0, 0.0])
    assert_values(backend, mean.fill(-1), events, [-1.0, -1.0])


def test_s3_9_late_events_take_their_place_in_the_order(backend: Backend) -> None:
    # The event of 50 arrives last: it sees 10 alone, and is seen by those of 60 and 100.
    events = log(cc_num=1, unix_time=[10, 60, 100, 50], amt=[1, 2, 4, 8])
    assert_values(backend, card.ever().count(), events, [0, 2, 3, 1])
    assert_values(backend, card.last(seconds=50).sum(amt), events, [0.0, 0.09, 0.1, 0.01])
    assert_values(backend, card.previous(amt), events, [None, 0.08, 0.02, 0.01])


def test_s3_11_labels_enter_at_their_delay(backend: Backend) -> None:
    # Without a time of their own labels are known once the delay is over.
    events = log(merchant="m", unix_time=[0, 5, 10, 15, 20], is_fraud=[1, 0, None, 1, 0])
    risk = key("merchant").ever(delay_seconds=10)
    assert_values(backend, risk.mean("is_fraud"), events, [None, None, 1.0, 0.5, 0.5])
    assert_values(backend, risk.count("is_fraud"), events, [0, 0, 1, 2, 2])
    assert_values(backend, risk.where(column("is_fraud").eq(1)).count(), events, [0, 0, 1, 1, 1])


def test_s3_11_a_label_that_is_not_known_by_then_is_null_for_good(backend: Backend) -> None:
    # With a delay of 10 the label of the event of 0 counts if known by 10: known at exactly 10 it
    # does, known at 11 it never does; one whose time is null is known by then.
    events = log(
        merchant=["m", "n", "o", "m", "n", "o"],
        unix_time=[0, 0, 0, 100, 100, 100],
        is_fraud=[1, 1, 1, 0, 0, 0],
        label_time=[10, 11, None, 100, 100, 100],
    )
    risk = key("merchant").ever(delay_seconds=10)
    assert_values(backend, risk.sum("is_fraud"), events, [0, 0, 0, 1, 0, 1])
    assert_values(backend, risk.mean("is_fraud"), events, [None] * 3 + [1.0, None, 1.0])
    assert_values(backend, risk.last("is_fraud"), events, [None] * 3 + [1, None, 1])
    assert_values(backend, risk.count(), events, [0, 0, 0, 1, 1, 1])
    frauds = risk.where(column("is_fraud").eq(1))
    assert_values(backend, frauds.exists(), events, [0, 0, 0, 1, 0, 1])
    unknown = risk.where(column("is_fraud").is_null())
    assert_values(backend, unknown.count(), events, [0, 0, 0, 0, 1, 0])
    # A longer delay waits for it.
    patient = key("merchant").ever(delay_seconds=11)
    assert_values(backend, patient.sum("is_fraud"), events, [0, 0, 0, 1, 1, 1])


def test_s3_11_a_label_that_no_event_lacks_is_null_until_it_is_known(backend: Backend) -> None:
    columns = tuple(replace(each, required=each.required or each.label) for each in LOG.columns)
    schema = replace(LOG, columns=columns)
    times = {"unix_time": [0, 1, 2, 100], "label_time": [9, 90, 9, 99]}
    events = log(schema, merchant="m", points=[0, 0, 1, 1], is_fraud=[1, 0, 1, 0], **times)
    risk = key("merchant").ever(delay_seconds=10)
    known = risk.where(column("merchant").eq("m"))
    early = risk.where(column("points").eq(0))
    last = {
        risk.count("is_fraud"): 2,
        risk.count(): 3,
        risk.sum("is_fraud"): 2,
        risk.mean("is_fraud"): 1.0,
        risk.n_unique("is_fraud"): 1,
        risk.min("is_fraud"): 1,
        known.first("is_fraud"): 1,
        early.last("is_fraud"): None,
        risk.where(column("is_fraud").eq(0)).count(): 0,
    }
    features = [feature(f"x{at}", each, "under test") for at, each in enumerate(last)]
    got = backend.compute(feature_set("labels", schema, features), events)
    assert list(got.row(3)) == list(last.values())
