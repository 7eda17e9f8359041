"""How a log is cut up for Spark, and where Java is looked for."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engine.backends.polars.evaluate import key_of
from engine.backends.polars.plan import compile_features
from engine.backends.spark.cut import Sample, Sizes, bases_of, cut, key_hashes
from engine.backends.spark.java import java_home
from engine.backends.spark.job import require_polars
from engine.backends.spark.sampling import Sampling
from engine.catalog import load_feature_set
from engine.definition import POS, feature, feature_set, key
from engine.errors import InputError

DAY = 86_400


def log_of(cards: list[int], *, days: int) -> pl.DataFrame:
    rows = len(cards)
    return pl.DataFrame(
        {
            "unix_time": np.arange(rows) * (days * DAY) // rows,
            "cc_num": pl.Series(cards, dtype=pl.UInt64),
            "merchant": [f"m{row % 97}" for row in range(rows)],
            "category": [f"c{row % 3}" for row in range(rows)],
        }
    )


def sampled(name: str, rows: pl.DataFrame) -> Sampling:
    sampling = Sampling("unix_time", bases_of(compile_features(load_feature_set(name))))
    for start in range(0, len(rows), 1_000):
        sampling.add(rows[start : start + 1_000])
    return sampling


def test_rows_meet_by_the_least_keys() -> None:
    assert bases_of(compile_features(load_feature_set("notebook"))) == (("cc_num",),)
    assert bases_of(compile_features(load_feature_set("pos"))) == (
        ("cc_num",),
        ("merchant",),
        ("category",),
        (),
    )


def test_a_hot_card_is_sliced_by_time_and_no_other() -> None:
    rows = log_of([1 if row % 2 else row for row in range(20_000)], days=30)
    plan = compile_features(load_feature_set("notebook"))
    (stage,) = cut(plan, sampled("notebook", rows).sample(), len(rows), Sizes(2, rows=2_000))
    (hot,) = stage.hot
    assert stage.spread == 10
    assert hot.hash == key_hashes(rows[1:2], ("cc_num",))[0]
    assert hot.share == pytest.approx(0.5)
    assert len(hot.cuts) == 4
    assert np.diff(hot.cuts).min() >= DAY


def test_the_whole_stream_is_sliced_as_far_as_its_windows_let_it() -> None:
    rows = log_of(list(range(20_000)), days=120)
    plan = compile_features(load_feature_set("pos"))
    *_, stage = cut(plan, sampled("pos", rows).sample(), len(rows), Sizes(2, rows=1_000))
    (hot,) = stage.hot
    assert stage.base == ()
    assert hot.hash is None
    assert len(hot.cuts) == 2  # of hardly 120 days, with windows of 30
    assert stage.partitions == 3


def sample_of(days: int, *, burst: bool) -> Sample:
    """Half of it one card's, over all days; a tenth, if there is a burst, one's within a minute."""
    times = np.arange(20_000) * (days * DAY) // 20_000
    hashes = np.arange(20_000, dtype=np.uint64) * np.uint64(2) + np.uint64(1_001)
    hashes[::2] = 5
    if burst:
        hashes[9_001:13_001:2] = 7
        times[9_001:13_001:2] = times[9_001]
    return Sample(times, {("cc_num",): hashes, ("merchant",): hashes, ("category",): hashes})


@pytest.mark.parametrize("burst", [False, True])
def test_windows_that_reach_far_do_not_keep_the_slices_of_others_long(*, burst: bool) -> None:
    plan = compile_features(load_feature_set("pos"))
    stages = cut(plan, sample_of(60, burst=burst), 40_000_000, Sizes(4))
    near, far = (stage for stage in stages if stage.base == ("cc_num",))
    assert [len(stage.hot[0].cuts) + 1 for stage in (near, far)] == [40, 1]
    assert near.reach == DAY
    assert len(near.names) + len(far.names) == len(
        {node for node in plan.windowed if "cc_num" in key_of(node)}
    )
    # What is found twice would be put beside an event twice.
    names = [name for stage in stages for name in stage.names]
    assert sorted(names) == sorted(f"@{number}" for number in range(len(plan.windowed)))


def test_a_burst_may_be_the_larger_card() -> None:
    card = key("cc_num")
    windows = (card.last(minutes=1).count(), card.last(days=30).count())
    features = [feature(f"of_{place}", window, "") for place, window in enumerate(windows)]
    plan = compile_features(feature_set("windows", POS, features))
    times = np.arange(10_000) * (60 * DAY) // 10_000
    hashes = np.arange(10_000, dtype=np.uint64) * np.uint64(2) + np.uint64(1_001)
    hashes[::3] = 5
    hashes[1::3] = 7
    hashes[2::30] = 7
    times[hashes == 7] = times[5_000]
    near, far = cut(plan, Sample(times, {("cc_num",): hashes}), 50_000_000, Sizes(8))
    of_card = [
        next(len(hot.cuts) + 1 for hot in stage.hot if hot.hash == 5) for stage in (near, far)
    ]
    assert of_card == [32, 1]


def test_a_burst_alone_is_not_worth_a_stage_more() -> None:
    plan = compile_features(load_feature_set("notebook"))
    (stage,) = cut(plan, sample_of(60, burst=True), 8_000_000, Sizes(4))
    assert [len(hot.cuts) + 1 for hot in stage.hot] == [8, 1]


def test_a_sample_stays_small_and_even() -> None:
    rows = log_of(list(range(10_000)), days=1)
    sampling = Sampling("unix_time", [("cc_num",)], most=100)
    for start in range(0, len(rows), 333):
        sampling.add(rows[start : start + 333])
    sample = sampling.sample()
    assert sampling.rows == 10_000
    assert 50 <= len(sample.times) <= 100
    assert len(sample.times) == len(sample.hashes["cc_num",])
    assert len(np.unique(np.diff(sample.times) // 100)) <= 2


def test_hashes_are_of_values_not_of_how_they_are_held() -> None:
    text = pl.DataFrame({"merchant": ["b", "a", None, "b"]})
    held = text.cast(pl.Categorical)
    hashes = key_hashes(text, ("merchant",))
    assert hashes.tolist() == key_hashes(held, ("merchant",)).tolist()
    assert hashes[0] == hashes[3]
    assert hashes[0] != hashes[1]
    assert hashes[2] == 0


def test_another_polars_is_refused() -> None:
    require_polars(pl.__version__)
    with pytest.raises(InputError, match=f"was {pl.__version__}, not 1.0.0"):
        require_polars("1.0.0")


def fake_java(home: Path, told: str) -> Path:
    java = home / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho '{told}' >&2\n")
    java.chmod(0o755)
    return home


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("engine.backends.spark.java.shutil.which", lambda _: None)
    monkeypatch.setattr("engine.backends.spark.java.find_spec", lambda _: None)
    return tmp_path


def test_java_is_that_of_java_home(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = fake_java(alone / "new", 'openjdk version "21.0.2" 2024-01-16')
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert java_home() == home


@pytest.mark.parametrize(
    ("told", "was"),
    [
        ('openjdk version "11.0.2" 2019-01-15', "java, Java 11"),
        ('java version "1.8.0_392"', "java, Java 8"),
        ("Segmentation fault", "java, which does not run"),
    ],
)
def test_an_old_java_is_refused(
    alone: Path, monkeypatch: pytest.MonkeyPatch, told: str, was: str
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(fake_java(alone / "old", told)))
    with pytest.raises(InputError, match="needs Java 17 or newer") as refused:
        java_home()
    assert was in refused.value.what
    assert "JAVA_HOME" in refused.value.hint


@pytest.mark.usefixtures("alone")
def test_without_java_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(InputError, match=r"\(was none\)"):
        java_home()
