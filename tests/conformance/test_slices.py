"""What the spark backend cuts into slices of time, cut as small as can be: the reference's bits."""

from pathlib import Path

import polars as pl
import pytest

from conformance import on_the_spot
from conformance.bits import assert_same_bits
from conformance.logs import LOG, MEMORY
from conformance.running import hot_card
from engine.backends import Backend
from engine.backends.polars.plan import compile_features
from engine.backends.spark.cut import Sizes, bases_of, cut
from engine.backends.spark.sampling import Sampling
from engine.definition import column, feature, feature_set, key

card, everyone = key("cc_num"), key()
# Slices are given rows within reach beside rows carried from before, and either alone.
SLICED = feature_set(
    "sliced",
    LOG,
    [
        feature("near", card.last(minutes=2).count(), ""),
        feature("near_of_all", everyone.last(minutes=1).sum("amt"), ""),
        feature("far", card.last(minutes=30).n_unique("merchant"), ""),
        feature("far_of_all", everyone.last(minutes=20).count(), ""),
        feature("before", card.ever().last("amt"), ""),
        feature("before_at_it", key("cc_num", "merchant").ever().last("amt"), ""),
        feature("refund_before", card.ever().where(column("amt") < 0).last("tip"), ""),
        feature("before_of_its_kind", key("category").ever().last("points"), ""),
        feature("so_far", card.ever().count(), ""),
    ],
)
SEEDS = range(12)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_frame_in_slices_has_the_same_bits(reference: Backend, seed: int) -> None:
    events = hot_card(seed)
    expected = reference.compute(SLICED, events)
    assert_same_bits(on_the_spot.compute(SLICED, events), expected, SLICED, events)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_log_in_slices_has_the_same_bits(reference: Backend, tmp_path: Path, seed: int) -> None:
    events = hot_card(seed).sort("unix_time", maintain_order=True)
    got = pl.concat(
        on_the_spot.stream(SLICED, [events], passed=(), threads=2, memory=MEMORY, scratch=tmp_path)
    )
    assert_same_bits(got, reference.compute(SLICED, events), SLICED, events)


def test_these_are_cut_in_every_way() -> None:
    events = hot_card(0)
    plan = compile_features(SLICED)
    sampling = Sampling(LOG.event_time, bases_of(plan))
    sampling.add(events)
    stages = cut(plan, sampling.sample(), len(events), Sizes(2, on_the_spot.ROWS, reach=0.5))
    of_card = [stage for stage in stages if stage.base == ("cc_num",)]
    # What reaches far does not keep slices of the rest from being small; what sees for ever is not
    # sliced at all.
    near, far, whole = ([len(hot.cuts) + 1 for hot in stage.hot] for stage in of_card)
    assert max(near) > max(far) > 1
    assert whole == []
    assert [len(stage.names) for stage in of_card] == [4, 1, 1]
