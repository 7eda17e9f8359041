"""Builds of Parquet files in which tasks read and write: the same table as any other build's.

The tasks are run on the spot, which takes a thousandth of the time; one build goes through Spark.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

from backends import backend_or_skip
from conformance import on_the_spot
from engine.backends.spark.job import First, Step
from engine.backends.spark.pieces import RowGroups
from engine.backends.spark.rows import Parcel
from engine.model.features_file import locate_features, read_features
from engine.parts import files_of
from replay.questions.sources import find_features, find_labels
from unit.build.cases import assert_same_bits, build, built, report, write

CORES = 3
GROUP_ROWS = 40
PART_ROWS = 150  # less than a file has, and more than a row group
SETS = ["notebook", "pos"]
TOLD = ["rows", "quarantined", "inputs", "fingerprint", "features", "feature_set"]


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.build.job.PART_ROWS", PART_ROWS)


@pytest.fixture
def without_spark(monkeypatch: pytest.MonkeyPatch) -> None:
    context = SimpleNamespace(defaultParallelism=CORES, master=f"local[{CORES}]")

    @contextmanager
    def session(*_: object, **__: object) -> Iterator[object]:
        yield SimpleNamespace(sparkContext=context)

    monkeypatch.setattr("engine.backends.spark.session.session", session)
    monkeypatch.setattr("engine.backends.spark.native.by_spark", lambda *_: on_the_spot.moves)


@pytest.fixture
def clean(events: pl.DataFrame, tmp_path: Path) -> Path:
    events.write_parquet(tmp_path / "clean.parquet", row_group_size=GROUP_ROWS)
    return tmp_path / "clean.parquet"


@pytest.fixture
def messy(events: pl.DataFrame, tmp_path: Path) -> Path:
    """Three files: late events, ids that come again, rows to refuse, a column that one lacks."""
    row = pl.int_range(pl.len())
    known = events["unix_time"] + 3 * 86_400
    log = events.with_columns(
        # Of some the label is known too late, of some the log does not say.
        label_time=pl.when(row % 3 == 0).then(None).otherwise(known + (row % 5) * 86_400),
        amt=pl.when(row % 7 == 0).then(pl.col("amt") + 0.001).otherwise(pl.col("amt")),
    )
    refused = log.with_columns(amt=pl.when(row % 50 == 3).then(None).otherwise(pl.col("amt")))
    files = [
        pl.concat([refused[300:450], refused[305:310]]),  # some within a row group or two
        pl.concat([log[:200], log[350:380]]),  # some refused above, and some not
        pl.concat([log[450:], log[190:310]]).drop("gender"),
    ]
    folder = tmp_path / "messy"
    folder.mkdir()
    for number, frame in enumerate(files):
        frame.write_parquet(folder / f"{number}.parquet", row_group_size=GROUP_ROWS)
    return folder


def features_of(out: Path) -> pl.DataFrame:
    return pl.read_parquet(out / "features.parquet")


def assert_same_build(one: Path, other: Path) -> None:
    assert_same_bits(features_of(one), features_of(other))
    assert pl.read_parquet(one / "quarantine.parquet").equals(
        pl.read_parquet(other / "quarantine.parquet")
    )
    assert (one / "features.json").read_text() == (other / "features.json").read_text()
    told, expected = report(one), report(other)
    assert {name: told[name] for name in TOLD} == {name: expected[name] for name in TOLD}


def refusal(
    capsys: pytest.CaptureFixture[str], out: Path, inputs: list[Path | str], *options: str
) -> str:
    capsys.readouterr()
    assert build(out, inputs, *options) == 2
    return capsys.readouterr().err


@pytest.mark.usefixtures("without_spark")
@pytest.mark.parametrize("name", SETS)
def test_a_messy_log_has_the_same_bits(tmp_path: Path, messy: Path, name: str) -> None:
    built(tmp_path / "polars", [messy], "--set", name)
    built(tmp_path / "spark", [messy], "--set", name, "--engine", "spark")
    assert_same_build(tmp_path / "spark", tmp_path / "polars")
    rows = report(tmp_path / "spark")["rows"]
    assert min(rows.values()) > 0  # there is some of everything


@pytest.mark.usefixtures("without_spark")
def test_equal_hashes_are_no_equal_ids(
    tmp_path: Path, messy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(tmp_path / "polars", [messy])
    monkeypatch.setattr(
        "engine.backends.spark.survey.key_hashes",
        lambda rows, _: np.full(len(rows), 5, dtype=np.uint64),
    )
    built(tmp_path / "spark", [messy], "--engine", "spark")
    assert_same_build(tmp_path / "spark", tmp_path / "polars")


@pytest.mark.usefixtures("without_spark")
@pytest.mark.parametrize("name", SETS)
def test_a_log_in_order_has_the_same_bits(tmp_path: Path, clean: Path, name: str) -> None:
    built(tmp_path / "polars", [clean], "--set", name)
    built(tmp_path / "spark", [clean], "--set", name, "--engine", "spark")
    assert_same_build(tmp_path / "spark", tmp_path / "polars")
    assert report(tmp_path / "spark")["rows"]["late"] == 0


@pytest.mark.usefixtures("without_spark")
def test_tasks_that_are_tried_again_leave_nothing_twice(
    tmp_path: Path, messy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tried_again(pieces: int, first: First, steps: list[Step]) -> Iterator[Parcel]:
        on_the_spot.moves(pieces, first, steps)  # nobody hears what these tell
        return on_the_spot.moves(pieces, first, steps)

    built(tmp_path / "once", [messy], "--engine", "spark")
    monkeypatch.setattr("engine.backends.spark.native.by_spark", lambda *_: tried_again)
    built(tmp_path / "again", [messy], "--engine", "spark")
    assert_same_build(tmp_path / "again", tmp_path / "once")


def test_through_spark_it_has_the_same_bits(
    tmp_path: Path, messy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend_or_skip("spark")
    monkeypatch.setattr("engine.build.job.PART_ROWS", 2 * PART_ROWS)  # each task takes its time
    from engine.backends.spark.session import shared_session

    shared_session()  # a build takes the session that there is
    built(tmp_path / "polars", [messy])
    built(tmp_path / "spark", [messy], "--engine", "spark")
    assert_same_build(tmp_path / "spark", tmp_path / "polars")


@pytest.mark.usefixtures("without_spark")
def test_parts_are_in_the_order_of_the_log(
    tmp_path: Path, events: pl.DataFrame, clean: Path
) -> None:
    built(tmp_path / "polars", [clean])
    built(tmp_path / "spark", [clean], "--engine", "spark")
    parts = files_of(tmp_path / "spark" / "features.parquet")
    assert [part.name for part in parts] == [f"part-{number:06d}.parquet" for number in range(5)]
    assert pl.concat(map(pl.read_parquet, parts))["event_id"].equals(
        events["trans_num"].alias("event_id")
    )
    one = pq.ParquetFile(tmp_path / "polars" / "features.parquet")
    for part in parts:
        file = pq.ParquetFile(part)
        assert file.schema.equals(one.schema)
        for column in range(file.metadata.num_columns):
            got, wanted = (each.metadata.row_group(0).column(column) for each in (file, one))
            assert got.compression == wanted.compression


@pytest.mark.usefixtures("without_spark")
def test_of_ids_that_are_looked_at_again_each_piece_has_its_own(
    tmp_path: Path, messy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[tuple[int, int]]()

    def own(self: RowGroups, files: tuple[Path, ...]) -> pl.Series:
        found = theirs(self, files)
        assert found.is_between(self.first, self.end, closed="left").all()
        everybodys = pl.concat([pl.read_ipc(file).to_series() for file in files])
        asked.append((len(found), len(everybodys)))
        return found

    theirs = RowGroups.own
    monkeypatch.setattr(RowGroups, "own", own)
    built(tmp_path / "spark", [messy], "--engine", "spark")
    assert any(0 < ours < all_ for ours, all_ in asked)


@pytest.mark.usefixtures("without_spark")
def test_many_small_files_are_few_tasks(
    tmp_path: Path, events: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = list[int]()

    def counted(pieces: int, first: First, steps: list[Step]) -> Iterator[Parcel]:
        tasks.append(pieces)
        return on_the_spot.moves(pieces, first, steps)

    log = tmp_path / "log"
    log.mkdir()
    for number in range(60):
        # The last ones hold what came before, and have come late.
        own = events[10 * number : 10 * number + 10] if number < 58 else events[:15]
        own.write_parquet(log / f"{number:03d}.parquet")
    built(tmp_path / "polars", [log])
    monkeypatch.setattr("engine.backends.spark.native.by_spark", lambda *_: counted)
    built(tmp_path / "spark", [log], "--engine", "spark")
    assert_same_build(tmp_path / "spark", tmp_path / "polars")
    assert report(tmp_path / "spark")["rows"]["duplicates"] == 30
    assert report(tmp_path / "spark")["spark"]["parts"] == 4
    assert max(tasks) == 5


@pytest.mark.usefixtures("without_spark")
def test_it_says_how_it_was_done(tmp_path: Path, clean: Path) -> None:
    built(tmp_path / "out", [clean], "--engine", "spark")
    told = report(tmp_path / "out")
    assert told["reading"] == "by row groups, in tasks of Spark"
    spark = told["spark"]
    assert (spark["master"], spark["pieces"], spark["parts"]) == (f"local[{CORES}]", 5, 5)
    (stage,) = spark["stages"]
    assert stage["key"] == ["cc_num"]
    # Of twelve cards some have more than a quarter of a partition's rows.
    assert stage["partitions"] == 6 + sum(hot["slices"] for hot in stage["hot"])
    assert max(hot["slices"] for hot in stage["hot"]) > 1


@pytest.mark.usefixtures("without_spark")
def test_a_log_without_rows_has_features_too(
    tmp_path: Path, events: pl.DataFrame, clean: Path
) -> None:
    nothing = tmp_path / "nothing.parquet"
    events.clear().write_parquet(nothing)
    built(tmp_path / "polars", [nothing])
    built(tmp_path / "spark", [nothing], "--engine", "spark")
    assert_same_build(tmp_path / "spark", tmp_path / "polars")
    # A file without rows among others changes nothing.
    built(tmp_path / "some", [nothing, clean], "--engine", "spark")
    built(tmp_path / "of one", [clean], "--engine", "spark")
    assert features_of(tmp_path / "some").equals(features_of(tmp_path / "of one"))
    assert report(tmp_path / "some")["inputs"][0]["rows"] == 0


@pytest.mark.usefixtures("without_spark")
def test_refusals_are_the_same(
    tmp_path: Path, events: pl.DataFrame, messy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hopeless = tmp_path / "hopeless.parquet"
    events.with_columns(amt=None).write_parquet(hopeless)
    args: tuple[Path, list[Path | str]] = tmp_path / "out", [hopeless]
    assert refusal(capsys, *args, "--engine", "spark") == refusal(capsys, *args)
    told = refusal(capsys, tmp_path / "out", [messy], "--strict", "--engine", "spark")
    assert "the log holds rows that cannot be read" in told
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("without_spark")
def test_a_file_that_breaks_off_is_refused(
    tmp_path: Path, clean: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bytearray(clean.read_bytes())
    metadata = pq.ParquetFile(clean).metadata
    for column in range(metadata.num_columns):
        at = metadata.row_group(9).column(column).data_page_offset
        content[at : at + 40] = bytes(40)
    clean.write_bytes(content)
    monkeypatch.chdir(tmp_path)
    args: tuple[Path, list[Path | str]] = tmp_path / "out", [clean.name]
    told = refusal(capsys, *args, "--engine", "spark")
    assert f"{clean.name}: cannot be read as Parquet" in told
    assert told == refusal(capsys, *args)
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("without_spark")
def test_builds_replace_each_other(tmp_path: Path, clean: Path, messy: Path) -> None:
    out = tmp_path / "out"
    built(out, [messy], "--engine", "spark")
    assert build(out, [messy], "--engine", "spark") == 2
    built(out, [clean], "--engine", "spark", "--overwrite")
    assert len(features_of(out)) == 600
    built(out, [messy], "--overwrite")
    assert (out / "features.parquet").is_file()
    built(out, [clean], "--engine", "spark", "--overwrite")
    assert len(features_of(out)) == 600
    # Its own results are no inputs of a build that finds them.
    inside = tmp_path / "inside"
    inside.mkdir()
    clean.rename(inside / clean.name)
    assert build(inside, [inside], "--engine", "spark") == 0
    assert build(inside, [inside], "--engine", "spark", "--overwrite") == 0
    assert report(inside)["rows"]["read"] == 600


@pytest.mark.usefixtures("without_spark")
def test_parts_are_read_as_a_file_is(tmp_path: Path, clean: Path) -> None:
    built(tmp_path / "polars", [clean])
    built(tmp_path / "spark", [clean], "--engine", "spark")
    whole = read_features(tmp_path / "polars", labels_required=True)
    for path in (tmp_path / "spark", tmp_path / "spark" / "features.parquet"):
        assert locate_features(path) == tmp_path / "spark" / "features.parquet"
        table = read_features(path, labels_required=True)
        assert table.event_ids.equals(whole.event_ids)
        assert (table.known_labels == whole.known_labels).all()
        assert len(find_features(path)) == len(find_labels(str(path), tmp_path)) == 5


def test_what_is_no_folder_of_parts_is_in_the_way(
    tmp_path: Path, clean: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = tmp_path / "out" / "features.parquet" / "notes.txt"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("mine")
    told = refusal(capsys, tmp_path / "out", [clean], "--overwrite")
    assert "folders are in the place of results" in told
    assert theirs.read_text() == "mine"


def test_rows_of_csv_pass_through_one_process(
    tmp_path: Path, events: pl.DataFrame, clean: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    csv = write(events[:10], tmp_path / "some.csv")
    args = ["--engine", "spark", "--explain"]
    assert build(tmp_path / "out", [clean], *args) == 0
    assert "in tasks, by row groups" in capsys.readouterr().out
    assert build(tmp_path / "out", [clean, csv], *args) == 0
    assert f"by one process, as {csv} is not Parquet" in capsys.readouterr().out
    assert build(tmp_path / "out", [clean], *args, "--state", str(tmp_path / "state")) == 0
    assert "by one process, as --state is gathered from them" in capsys.readouterr().out
