"""What a build writes: every row once, in the order of the input, with its settled values."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from engine.backends import load_backend
from engine.backends.polars.chunks import stream_features
from engine.backends.polars.plan import compile_features
from engine.build.cli import main
from engine.catalog import notebook
from engine.definition import FeatureSet
from engine.events.canonical import feature_schema
from engine.events.quarantine import QUARANTINE_SCHEMA
from unit.build.cases import (
    IDENTITY,
    OUTPUTS,
    assert_same_bits,
    build,
    built,
    canonical,
    report,
    tree,
    write,
)


def reference(events: pl.DataFrame) -> pl.DataFrame:
    return load_backend("reference").compute(notebook, canonical(events))


def test_the_four_files(events: pl.DataFrame, log: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "folders"
    features = built(out, [log])
    assert features.columns == [*IDENTITY, *notebook.names]
    assert features.schema == dict(
        zip(IDENTITY, [pl.String, pl.UInt64, pl.Int64, pl.Int64], strict=True)
    ) | feature_schema(notebook)
    assert features["event_id"].to_list() == events["trans_num"].to_list()
    assert features.select(IDENTITY[1:]).equals(events.select(IDENTITY[1:]))
    assert json.loads((out / "features.json").read_text()) == list(notebook.names)
    assert pl.read_parquet(out / "quarantine.parquet").equals(
        pl.DataFrame(schema=QUARANTINE_SCHEMA)
    )
    content = report(out)
    assert content["inputs"] == [{"file": str(log), "rows": 600}]
    assert content["rows"] == {
        "read": 600,
        "written": 600,
        "quarantined": 0,
        "duplicates": 0,
        "late": 0,
        "rounded": 0,
    }
    assert (content["feature_set"], content["features"]) == ("notebook", 26)
    assert content["reading"] == "in place"
    assert content["quarantined"] == {}


def test_values_are_those_of_the_reference(events: pl.DataFrame, log: Path, tmp_path: Path) -> None:
    features = built(tmp_path / "out", [log])
    assert_same_bits(features.select(notebook.names), reference(events))
    assert_same_bits(built(tmp_path / "slow", [log], "--engine", "reference"), features)


def test_a_log_without_labels_has_no_column_for_them(events: pl.DataFrame, tmp_path: Path) -> None:
    with_label = built(tmp_path / "with", [write(events, tmp_path / "with.parquet")])
    without = write(events.drop("is_fraud"), tmp_path / "without.parquet")
    features = built(tmp_path / "without", [without])
    assert_same_bits(features, with_label.drop("is_fraud"))


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_when_a_label_became_known_stands_beside_it(
    events: pl.DataFrame, tmp_path: Path, engine: str
) -> None:
    known = pl.when(pl.int_range(pl.len()) % 3 > 0).then(pl.col("unix_time") + 86_400)
    mixed = events.with_columns(label_time=known)[::-1]  # out of order, so that it is staged
    features = built(tmp_path / "out", [write(mixed, tmp_path / "log.csv")], "--engine", engine)
    assert features.columns == [*IDENTITY, "label_time", *notebook.names]
    assert features["label_time"].to_list() == mixed["label_time"].to_list()
    of_nothing = write(mixed.drop("is_fraud"), tmp_path / "unlabelled.csv")
    assert "label_time" not in built(tmp_path / "unlabelled", [of_nothing]).columns


def test_csv_and_parquet_give_the_same_table(
    events: pl.DataFrame, log: Path, tmp_path: Path
) -> None:
    from_csv = built(tmp_path / "csv", [log])
    from_parquet = built(tmp_path / "parquet", [write(events, tmp_path / "log.parquet")])
    assert_same_bits(from_csv, from_parquet)


def test_files_folders_patterns_and_gzip_are_one_log(
    events: pl.DataFrame, log: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "parts"
    first = write(events[:100], folder / "first.csv")
    write(events[100:200], folder / "inner" / "a.parquet")
    packed = write(events[200:350], folder / "inner" / "b.csv")
    (folder / "inner" / "b.csv.gz").write_bytes(gzip.compress(packed.read_bytes()))
    packed.unlink()
    for number, start in enumerate(range(350, 600, 50)):
        write(events[start : start + 50], folder / f"late-{number}.parquet")
    features = built(tmp_path / "out", [first, folder / "inner", folder / "late-*.parquet"])
    assert_same_bits(features, built(tmp_path / "whole", [log]))
    assert [file["rows"] for file in report(tmp_path / "out")["inputs"]] == [
        100,
        100,
        150,
        *[50] * 5,
    ]


def test_rows_come_back_in_the_order_of_the_input(events: pl.DataFrame, tmp_path: Path) -> None:
    shuffled = events.sample(fraction=1.0, shuffle=True, seed=1)
    features = built(tmp_path / "out", [write(shuffled, tmp_path / "log.csv")])
    assert features["event_id"].to_list() == shuffled["trans_num"].to_list()
    assert_same_bits(features.select(notebook.names), reference(shuffled))
    content = report(tmp_path / "out")
    times = shuffled["unix_time"]
    assert content["rows"]["late"] == (times < times.cum_max()).sum() > 0
    assert content["reading"].startswith("staged, because the log is not in time order")


@pytest.mark.parametrize("files", [1, 2], ids=["within a batch", "in two files"])
def test_an_event_that_comes_again_is_dropped_and_counted(
    events: pl.DataFrame, log: Path, tmp_path: Path, files: int
) -> None:
    again = events[550:].with_columns(amt=pl.lit(1.0))
    if files == 1:
        repeated = write(pl.concat([events, again.tail(1)]), tmp_path / "repeated.parquet")
        inputs, count = [repeated], 1
    else:
        inputs, count = [log, write(again, tmp_path / "again.parquet")], 50
    features = built(tmp_path / "out", inputs)
    assert_same_bits(features, built(tmp_path / "once", [log]))
    rows = report(tmp_path / "out")["rows"]
    assert (rows["read"], rows["written"], rows["duplicates"]) == (600 + count, 600, count)
    assert rows["late"] == 0


def test_the_quarantine_tells_file_line_and_reason_but_no_card(
    events: pl.DataFrame, tmp_path: Path
) -> None:
    lines = write(events, tmp_path / "good.csv").read_text().splitlines()
    names = lines[0].split("|")

    def edited(line: int, column: str, value: str) -> None:
        fields = lines[line - 1].split("|")
        fields[names.index(column)] = value
        lines[line - 1] = "|".join(fields)

    edited(5, "amt", "abc")
    edited(10, "unix_time", "")
    edited(11, "cc_num", "4111-1111-1111-9999")
    edited(300, "lat", "91")
    edited(401, "trans_num", "")  # the other id does
    lines[599] = lines[599].replace("|", "", 1)
    bad = tmp_path / "bad.csv"
    bad.write_text("\n".join(lines) + "\n")
    features = built(tmp_path / "out", [bad])
    kept = [row for row in range(600) if row + 2 not in {5, 10, 11, 300, 600}]
    assert_same_bits(features.select(notebook.names), reference(events[kept]))
    assert features["event_id"][395] == events["transaction_id"][399]
    table = pl.read_parquet(tmp_path / "out" / "quarantine.parquet")
    assert set(table["file"]) == {str(bad)}
    assert table["line"].to_list() == [5, 10, 11, 300, 600]
    reasons = table["reason"].to_list()
    assert reasons[:4] == [
        "amt is not a number (was 'abc')",
        "unix_time is missing",
        "cc_num is not a number of up to 19 digits (was '***************9999')",
        "lat above 90.0 (was 91)",
    ]
    assert reasons[4].startswith("too few fields")
    assert not any(str(card) in "".join(reasons) for card in events["cc_num"].unique())
    content = report(tmp_path / "out")
    assert content["rows"]["quarantined"] == sum(content["quarantined"].values()) == 5
    assert content["quarantined"]["amt is not a number"] == 1


def test_a_log_without_events_has_a_table_without_rows(log: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text(log.read_text().partition("\n")[0] + "\n")
    features = built(tmp_path / "out", [empty])
    assert features.schema == built(tmp_path / "full", [log]).schema
    assert len(features) == 0
    assert report(tmp_path / "out")["rows"]["read"] == 0


def test_results_are_replaced_when_asked(events: pl.DataFrame, log: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    built(out, [write(events[:50], tmp_path / "part.csv")])
    (out / "mine.txt").write_text("mine")
    assert build(out, [log], "--overwrite") == 0
    assert report(out)["rows"]["written"] == len(pl.read_parquet(out / "features.parquet")) == 600
    assert sorted(tree(out)) == sorted([*OUTPUTS, "mine.txt"])


def test_no_value_depends_on_threads(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_one_chunk = built(tmp_path / "chunk", [log])

    def small_chunks(
        features: FeatureSet,
        batches: Iterable[pl.DataFrame],
        *,
        passed: tuple[str, ...],
        threads: int,
        memory: int,  # noqa: ARG001 - what is computed in chunks needs no limit
        scratch: Path,  # noqa: ARG001 - nor scratch
    ) -> Iterator[pl.DataFrame]:
        cut = (batch[start : start + 60] for batch in batches for start in range(0, 600, 60))
        plan = compile_features(features)
        return stream_features(
            plan, cut, threads=threads, passed=passed, chunk_rows=60, most_rows=120
        )

    monkeypatch.setattr(load_backend("polars"), "stream", small_chunks)
    for threads in ("1", "3"):
        features = built(tmp_path / threads, [log], "--threads", threads)
        assert_same_bits(features, in_one_chunk)
        assert report(tmp_path / threads)["threads"] == int(threads)


def test_floats_are_not_dictionary_encoded(log: Path, tmp_path: Path) -> None:
    built(tmp_path / "out", [log])
    metadata = pq.ParquetFile(tmp_path / "out" / "features.parquet").metadata
    encodings = {
        column.path_in_schema: column.encodings
        for column in map(metadata.row_group(0).column, range(metadata.num_columns))
        if column.physical_type == "DOUBLE"
    }
    assert len(encodings) > 10
    for name, used in encodings.items():
        assert not any("DICTIONARY" in encoding for encoding in used), name


def test_explain_writes_nothing(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tree(tmp_path)
    assert build(tmp_path / "out", [log], "--explain") == 0
    said = capsys.readouterr().out
    for words in (str(log), "notebook, 26 features", "key (cc_num, merchant)", "halo"):
        assert words in said
    assert tree(tmp_path) == before


MINE = """
from engine.definition import POS, feature, feature_set, key

week = key("cc_num").last(days=7)
mine = feature_set(
    "mine",
    POS,
    [
        feature("spent", week.sum("amt"), "spent on the card in the last 7 days"),
        feature("merchant", week.first("merchant"), "where it was first in the last 7 days"),
        feature("place", key("merchant").previous("lat"), "home of the merchant's last customer"),
        EVER
    ],
)
"""
EVER = 'feature("ever", key("category").ever().first("merchant"), "its first merchant"),'


def test_explain_says_which_features_need_what_of_the_past(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    definitions = tmp_path / "mine.py"
    definitions.write_text(MINE.replace("EVER", ""))
    asked = ["--set", f"{definitions}:mine", "--explain"]
    assert build(tmp_path / "out", [log], *asked) == 0
    said = capsys.readouterr().out
    assert "  604800s: sum(amt), first(merchant)\n" in said
    _, _, execution = said.partition("execution: ")
    carried, _, halo = execution.partition("computed in each chunk")
    assert "further than a day:\n    (cc_num): sum(amt)\n" in carried
    assert halo.startswith(", from a halo of 604,800 s and the last row of each key before it:\n")
    assert "    (cc_num): first(merchant)\n    (merchant): last(lat)\n" in halo
    definitions.write_text(MINE.replace("EVER", EVER))
    assert build(tmp_path / "out", [log], *asked) == 0
    said = capsys.readouterr().out
    assert "one chunk, the whole log in memory, for what sees for ever:\n" in said
    assert "  first(merchant) by (category)\n" in said


def test_json_is_the_report_and_the_summary_says_it_in_words(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert build(out, [log], "--json") == 0
    assert json.loads(capsys.readouterr().out) == report(out)
    assert main([str(log), "--out", str(out), "--overwrite"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith(f"{out}: 600 rows, 26 features of notebook")
    assert said.err == ""


@pytest.mark.parametrize("out", ["results", "."])
def test_results_inside_a_folder_of_inputs_are_no_inputs(
    events: pl.DataFrame, tmp_path: Path, out: str
) -> None:
    folder = tmp_path / "logs"
    write(events, folder / "log.csv")
    for _ in range(2):
        assert build(folder / out, [folder], "--overwrite") == 0
        assert report(folder / out)["inputs"] == [{"file": str(folder / "log.csv"), "rows": 600}]


def test_one_of_a_thing_is_told_as_one(
    events: pl.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = write(events[:1], tmp_path / "log.parquet")
    options = [str(log), "--out", str(tmp_path / "out"), "--threads", "1"]
    assert main([*options, "--explain"]) == 0
    assert capsys.readouterr().out.startswith("inputs: 1 file, about 1 row\n")
    assert main(options) == 0
    said = capsys.readouterr().out
    assert ": 1 row, 26 features" in said
    assert " with 1 thread, " in said


def test_a_late_row_is_told_by_its_place_in_the_input(events: pl.DataFrame, tmp_path: Path) -> None:
    log = write(pl.concat([events[:400], events[500:], events[400:500]]), tmp_path / "log.csv")
    header, *lines = log.read_text().splitlines()
    log.write_text("\n".join([header, *["unreadable"] * 50, *lines]))
    built(tmp_path / "out", [log])
    assert "from about row 551 on" in report(tmp_path / "out")["reading"]


def test_a_reader_that_closes_the_output_gets_complete_files(log: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "engine.build", str(log), "--out", str(tmp_path / "out")]
    with subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=Path(__file__).parents[3]
    ) as running:
        assert running.stdout is not None
        running.stdout.close()
        assert running.stderr is not None
        said = running.stderr.read()
    assert (running.returncode, said) == (141, b"")
    assert report(tmp_path / "out")["rows"]["written"] == 600
