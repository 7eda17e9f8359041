"""Logs out of order or with duplicates are put in order, and results back in arrival order."""

import errno
import os
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.definition import POS
from engine.errors import OutputError
from engine.events.canonical import EVENT_ID
from engine.events.disk import own_folder, scratch_folder, writing
from engine.events.duplicates import DuplicateWatch, Hasher, hash_ids
from engine.events.inputs import find_inputs
from engine.events.log import Log
from engine.events.order import OrderWatch
from engine.events.quarantine import Quarantine
from engine.events.scratch import BucketSorter, FrameFile, even_bounds
from engine.events.staging import InPlaceLog, NotInOrderError, StagedLog
from unit.events.samples import START

BATCH = 4


def seven(ids: pl.Series) -> pl.Series:
    """A hash under which everything collides."""
    return pl.repeat(7, len(ids), dtype=pl.UInt64, eager=True)


def by_length(ids: pl.Series) -> pl.Series:
    """A hash under which ids of one length collide."""
    return ids.str.len_bytes().cast(pl.UInt64)


HASHERS = [hash_ids, seven, by_length]


def write_log(folder: Path, ids: list[str], times: list[int]) -> Log:
    frame = pl.DataFrame(
        {
            "trans_num": ids,
            "cc_num": pl.Series(range(len(ids)), dtype=pl.Int64),
            "unix_time": [START + time for time in times],
            "amt": 1.0,
            "merchant": [f"m{time}" for time in times],
        },
        schema_overrides={"trans_num": pl.String, "unix_time": pl.Int64, "merchant": pl.String},
    )
    folder.mkdir(exist_ok=True)
    frame.write_parquet(folder / "log.parquet")
    columns = ("cc_num", "unix_time", "amt", "merchant")
    return Log(find_inputs([str(folder)]), POS, columns, batch_rows=BATCH)


def in_place(tmp: Path, log: Log, hasher: Hasher = hash_ids) -> tuple[pl.DataFrame, InPlaceLog]:
    with scratch_folder(tmp) as scratch, Quarantine(tmp / "q.parquet") as quarantine:
        reading = InPlaceLog(log, quarantine, scratch, hasher=hasher)
        return pl.concat(reading.batches()), reading


def staged(tmp: Path, log: Log, hasher: Hasher, bucket_rows: int = 3) -> tuple[pl.DataFrame, ...]:
    with scratch_folder(tmp) as scratch:
        with Quarantine(tmp / "q.parquet") as quarantine:
            reading = StagedLog(log, quarantine, scratch, bucket_rows=bucket_rows, hasher=hasher)
        counts = pl.DataFrame(
            {
                "kept": reading.counts.kept,
                "dup": reading.counts.duplicates,
                "late": reading.counts.late,
            }
        )
        empty = pl.DataFrame(schema={"position": pl.Int64})
        batches = list(reading.batches())
        assert all(len(batch) <= BATCH for batch in batches)
        back = list(reading.arrival_order(iter(batches)))
        assert pl.concat(reading.batches() if batches else [empty]).equals(
            pl.concat(batches or [empty])
        )
        return (pl.concat(batches or [empty]), pl.concat(back or [empty]), counts)


def test_a_log_in_order_is_handed_on_as_it_is(tmp_path: Path) -> None:
    log = write_log(tmp_path / "in", list("abcdefghij"), [0, 0, 1, 1, 1, 2, 3, 3, 3, 9])
    events, reading = in_place(tmp_path, log)
    assert events[EVENT_ID].to_list() == list("abcdefghij")
    assert (reading.counts.kept, reading.counts.late, reading.counts.duplicates) == (10, 0, 0)


def test_a_duplicate_within_a_batch_is_dropped_in_place(tmp_path: Path) -> None:
    # Late, too, but a duplicate is no event.
    log = write_log(tmp_path / "in", ["a", "b", "a", "c", "d"], [1, 2, 0, 2, 3])
    events, reading = in_place(tmp_path, log)
    assert events[EVENT_ID].to_list() == ["a", "b", "c", "d"]
    assert (reading.counts.kept, reading.counts.duplicates) == (4, 1)


@pytest.mark.parametrize(
    ("ids", "times", "yielded"),
    [
        ("abcdefgh", [0, 1, 2, 3, 3, 3, 2, 9], 4),  # late within a batch
        ("abcdefgh", [0, 1, 2, 3, 2, 3, 3, 9], 4),  # late against the batch before
        ("abcdefga", [0, 1, 2, 3, 4, 5, 6, 7], 8),  # in two batches, known at the end
    ],
)
def test_what_cannot_be_read_in_place_is_noticed(
    tmp_path: Path, ids: str, times: list[int], yielded: int
) -> None:
    log = write_log(tmp_path / "in", list(ids), times)
    seen: list[int] = []

    def read() -> None:
        with scratch_folder(tmp_path) as scratch, Quarantine(tmp_path / "q.parquet") as quarantine:
            for batch in InPlaceLog(log, quarantine, scratch).batches():
                seen.append(len(batch))  # noqa: PERF401 - what was seen before the error counts

    with pytest.raises(NotInOrderError):
        read()
    assert sum(seen) == yielded
    assert {path.name for path in tmp_path.iterdir()} == {"in"}


def test_colliding_hashes_are_no_duplicates_but_need_staging(tmp_path: Path) -> None:
    log = write_log(tmp_path / "in", list("abcdefgh"), list(range(8)))
    with pytest.raises(NotInOrderError):
        in_place(tmp_path, log, seven)
    events, _, counts = staged(tmp_path, log, seven)
    assert events[EVENT_ID].to_list() == list("abcdefgh")
    assert counts.row(0) == (8, 0, 0)


SOME_IDS = st.sampled_from(["a", "b", "cc", "dd", "e", "f", "gg"])
EVENTS = st.lists(
    st.tuples(SOME_IDS | st.text("xyz", min_size=1, max_size=4), st.integers(0, 6)), max_size=30
)


@given(events=EVENTS, hasher=st.sampled_from(HASHERS), bucket_rows=st.sampled_from([1, 3, 100]))
def test_staged_is_sorted_and_distinct_and_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
    events: list[tuple[str, int]],
    hasher: Hasher,
    bucket_rows: int,
) -> None:
    tmp = tmp_path_factory.mktemp("staged")
    log = write_log(tmp / "in", [id_ for id_, _ in events], [time for _, time in events])
    ordered, back, counts = staged(tmp, log, hasher, bucket_rows)
    first = [
        (time + START, position, id_)
        for position, (id_, time) in enumerate(events)
        if id_ not in {other for other, _ in events[:position]}
    ]
    late = sum(1 for n, (time, _, _) in enumerate(first) if any(time < t for t, _, _ in first[:n]))
    assert counts.row(0) == (len(first), len(events) - len(first), late)
    if first:
        assert ordered.select("unix_time", "position", EVENT_ID).rows() == sorted(first)
        assert back[EVENT_ID].to_list() == [id_ for _, _, id_ in first]
        assert ordered["merchant"].dtype == pl.Categorical
        assert ordered["merchant"].to_list() == [f"m{time - START}" for time, _, _ in sorted(first)]
    assert {path.name for path in tmp.iterdir()} == {"in", "q.parquet"}


def test_back_in_arrival_order_every_bit_is_the_same(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    count = 1000
    frame = pl.DataFrame(
        {
            "position": rng.permutation(count),
            "f64": rng.integers(0, 2**64, count, dtype=np.uint64).view(np.float64),
            "f32": rng.integers(0, 2**32, count, dtype=np.uint32).view(np.float32),
            "zero": np.where(rng.random(count) < 0.5, 0.0, -0.0),
            "u64": rng.integers(0, 2**64, count, dtype=np.uint64),
            "i8": rng.integers(-128, 128, count, dtype=np.int8),
            "flag": rng.random(count) < 0.5,
            "text": [f"é{n}\0" for n in range(count)],
        }
    ).with_columns(
        pl.when(pl.col("flag")).then("i8").alias("i8_or_null"),
        pl.col("text").cast(pl.Categorical).alias("category"),
    )
    log = write_log(tmp_path / "in", [f"{n}" for n in range(count)], list(range(count)))
    with scratch_folder(tmp_path) as scratch, Quarantine(tmp_path / "q.parquet") as quarantine:
        reading = StagedLog(log, quarantine, scratch, bucket_rows=64)
        back = pl.concat(reading.arrival_order(frame.iter_slices(100)))
    expected = frame.sort("position").drop("position")
    assert back.schema == expected.schema
    for name in ("f64", "f32", "zero"):
        bits = np.uint32 if name == "f32" else np.uint64
        assert (back[name].to_numpy().view(bits) == expected[name].to_numpy().view(bits)).all()
    assert back.drop("f64", "f32").equals(expected.drop("f64", "f32"))


@given(st.lists(st.integers(-3, 12), max_size=60), st.integers(1, 9), st.integers(1, 20))
def test_buckets_sort_stably(
    tmp_path_factory: pytest.TempPathFactory, keys: list[int], buckets: int, size: int
) -> None:
    frame = pl.DataFrame({"key": pl.Series(keys, dtype=pl.Int64), "row": range(len(keys))})
    bounds = even_bounds(np.array(keys, dtype=np.int64), buckets)
    folder = tmp_path_factory.mktemp("buckets")
    sorter = BucketSorter(folder, "key", bounds)
    for piece in frame.iter_slices(size):
        sorter.add(piece)
    for frames in (sorter.frames(), sorter.frames(), sorter.buckets()):
        assert pl.concat([frame.clear(), *frames]).equals(frame.sort("key", maintain_order=True))
    sorter.remove()
    assert not list(folder.iterdir())


def test_a_frequent_value_gets_a_bucket_of_its_own() -> None:
    sample = np.array([1, 2, *[5] * 50, 7, 8, 9], dtype=np.int64)
    assert {5, 6} <= set(even_bounds(sample, 5).tolist())


@given(st.lists(st.lists(st.integers(0, 9), max_size=6), max_size=6))
def test_late_events_are_those_below_the_largest_before(batches: list[list[int]]) -> None:
    watch = OrderWatch()
    for batch in batches:
        watch.observe(pl.Series(batch, dtype=pl.Int64))
    times = [time for batch in batches for time in batch]
    late = sum(1 for n, time in enumerate(times) if n and time < max(times[:n]))
    assert (watch.late, watch.in_order) == (late, late == 0)


IDS = st.lists(st.lists(st.text("ab", max_size=5), max_size=12), max_size=6)


@given(batches=IDS, hasher=st.sampled_from(HASHERS), held=st.sampled_from([0, 5, 1000]))
def test_every_shared_hash_is_found(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[str]], hasher: Hasher, held: int
) -> None:
    folder = tmp_path_factory.mktemp("watch")
    watch = DuplicateWatch(folder, held_rows=held, hasher=hasher)
    kept: list[str] = []
    for batch in batches:
        ids = pl.Series(batch, dtype=pl.String)
        first = watch.observe(ids)
        distinct = ids.unique(maintain_order=True).to_list()
        assert (batch if first is None else ids.filter(first).to_list()) == distinct
        kept += distinct
    hashes = hasher(pl.Series(kept, dtype=pl.String)).to_list()
    shared = {value for value in hashes if hashes.count(value) > 1}
    found = [value for array in watch.repeated() for value in array.tolist()]
    assert sorted(found) == sorted(shared)
    watch.close()
    assert not list(folder.iterdir())


def test_two_equal_ids_among_many_are_found(tmp_path: Path) -> None:
    for held in (10**6, 1000):
        watch = DuplicateWatch(tmp_path, held_rows=held)
        ids = pl.Series([f"id-{n}" for n in range(200_000)])
        for start in range(0, 200_000, 50_000):
            assert watch.observe(ids[start : start + 50_000]) is None
        assert not list(watch.repeated())
        watch.observe(ids[777:778])
        found = np.concatenate(list(watch.repeated()))
        assert found.tolist() == [ids[777:778].hash().item()]
        watch.close()


def test_scratch_is_removed_whatever_happens(tmp_path: Path) -> None:
    def interrupted() -> None:
        with scratch_folder(tmp_path) as scratch:
            FrameFile(scratch / "x").append(pl.DataFrame({"a": [1]}))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("code", "hint"), [(errno.ENOSPC, "free some space"), (errno.EACCES, "check")]
)
def test_what_the_disk_says_is_an_output_error(tmp_path: Path, code: int, hint: str) -> None:
    with (
        pytest.raises(OutputError, match=r"x: cannot be written \(was: ") as caught,
        writing(tmp_path / "x"),
    ):
        raise OSError(code, os.strerror(code))
    assert hint in caught.value.hint


def test_scratch_is_named_by_the_folder_that_it_is_in(tmp_path: Path) -> None:
    with (
        scratch_folder(tmp_path) as scratch,
        pytest.raises(OutputError) as caught,
        writing(own_folder(scratch) / "arrived.arrows"),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert caught.value.what.startswith(f"{tmp_path}: cannot be written (was: ")
    assert f"free some space on {tmp_path} " in caught.value.hint


def test_a_full_disk_while_staging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def write_table(self, _: pa.Table) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self) -> None:
            pass

    log = write_log(tmp_path / "in", list("ab"), [1, 2])
    monkeypatch.setattr(pa.ipc, "new_stream", lambda *_: Full())
    with pytest.raises(OutputError, match="No space left") as caught:
        staged(tmp_path, log, hash_ids)
    assert "free some space" in caught.value.hint
    assert {path.name for path in tmp_path.iterdir()} == {"in"}


def test_cut_off_batches_let_go_of_their_scratch(tmp_path: Path) -> None:
    log = write_log(tmp_path / "in", [f"{n}" for n in range(9)], list(range(9)))
    with scratch_folder(tmp_path) as scratch, Quarantine(tmp_path / "q.parquet") as quarantine:
        batches = InPlaceLog(log, quarantine, scratch).batches()
        assert 0 < len(next(batches)) <= BATCH
    assert {path.name for path in tmp_path.iterdir()} == {"in", "q.parquet"}
