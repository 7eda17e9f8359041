"""One suite over every registered backend: the contract, sentence by sentence.

A test takes ``backend`` and does not ask which it has got. What is expected is either worked out
by hand in the test or computed by the reference, and equal means equal to the bit.

==== ============================================= =================================================
§3   sentence                                      test_…
==== ============================================= =================================================
1    both ends inclusive                           s3_1_both_ends_are_inclusive,
                                                   s3_1_a_delayed_window_is_inclusive_at_both_ends
1    earlier arrivals of the instant are in        s3_1_ties_see_each_other_in_arrival_order,
                                                   s3_1_ties_need_not_be_neighbours_in_the_log
1    the event and what is later is out            s3_1_the_event_itself_and_the_future_are_out
1    with a delay, all of the last instant         s3_1_with_a_delay_every_event_of_the_last_…
2    forever                                       s3_2_forever_has_no_lower_end
3    null keys                                     s3_3_a_null_key_has_no_history_and_joins_none
3    null inputs, ``count()`` and ``count(x)``     s3_3_null_inputs_are_not_counted,
                                                   s3_3_first_last_and_previous_take_null_as_it_is,
                                                   s3_3_a_null_condition_counts_as_false
4    empty histories                               s3_4_every_aggregate_has_its_value_on_an_empty_…
4    filling is written                            s3_4_filling_is_written_in_the_definition
5    money is exact, one formula                   s3_5_… (five of them); refusals are in
                                                   tests/unit/definition/test_verify.py
6    functions have one formula                    s3_6_… (seven of them)
7    equal bits                                    s3_7_edge_tables_have_the_same_bits,
                                                   s3_7_streams_have_the_same_bits,
                                                   s3_7_definitions_nobody_wrote_have_the_same_bits,
                                                   s3_7_the_notebook_set_itself_has_the_same_bits
8    the future changes nothing                    s3_8_the_future_changes_nothing
9    late events, settled                          s3_9_late_events_take_their_place_in_the_order,
                                                   s3_9_arrival_matters_between_ties_only
9    late events, as they arrive                   s3_9_a_late_event_is_scored_on_what_has_arrived,
                                                   s3_9_an_event_that_is_too_late_sees_less_…,
                                                   s3_9_events_that_are_too_late_mislead_none_…,
                                                   s3_9_history_is_what_clocks_that_are_believed_tell
9    duplicates                                    s3_9_a_duplicate_is_scored_once
10   state is bounded                              s3_10_… (three of them)
11   labels enter after their delay                s3_11_labels_enter_at_their_delay,
                                                   s3_11_a_label_that_is_not_known_by_then_is_null_…
==== ============================================= =================================================

Those about state are in ``test_state_laws.py`` and ``test_late_laws.py``, with the laws of §10.
Rounding at ingest (5) is of the reader; its tests are with it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, cast

import pytest

from backends import why_no_spark
from conformance import through_spark
from engine.backends import BACKENDS, Backend, load_backend

# Of so many frames one in ten is never none.
_MANY: Final = 300


@pytest.fixture(scope="session", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    if request.param != "spark":
        yield load_backend(request.param)
        return
    yield cast("Backend", through_spark)
    if why_no_spark() is None and sum(through_spark.seen.values()) >= _MANY:
        assert through_spark.seen["by spark"] > 0


@pytest.fixture(scope="session")
def reference() -> Backend:
    return load_backend("reference")


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what backends put aside; the examples of a property share it."""
    return tmp_path_factory.mktemp("scratch")
