"""The committed SQL is what the definitions compile to, and runs as it stands."""

import shutil
import subprocess
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest

from engine.backends import load_backend
from engine.catalog import SETS, notebook
from engine.definition import (
    POS,
    TIME,
    ColumnSpec,
    column,
    feature,
    feature_set,
    fingerprint,
    key,
    money_type,
)
from engine.definition.needs import columns_of
from engine.events.money import minor_units
from engine.events.normalise import normalise
from engine.sql.cli import main
from engine.sql.document import document
from replay.simulate import Settings, simulate
from unit.build.cases import IDENTITY, assert_same_bits

ROOT = Path(__file__).parents[3]
FILES = ROOT / "sql" / "features"
NOTEBOOK = FILES / "notebook.sql"


@pytest.fixture(scope="module")
def events() -> pl.DataFrame:
    return pl.concat(simulate(Settings(rows=400, cards=9, days=3, seed=5, fraud_rate=0.1)))


def reference(events: pl.DataFrame) -> pl.DataFrame:
    known = normalise(events, POS, [*columns_of(notebook), "is_fraud"]).events
    first = known.filter(known["event_id"].is_first_distinct())
    return first.select(IDENTITY).hstack(load_backend("reference").compute(notebook, first))


def run(log: Path, sql: Path = NOTEBOOK) -> pl.DataFrame:
    """The file run as its header says, in Python."""
    with duckdb.connect() as connection:
        connection.execute(f"SET VARIABLE input = '{log}'")
        return pl.DataFrame(connection.sql(sql.read_text("utf-8")).to_arrow_table())


def test_no_file_is_stale(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check", "--out", str(FILES)]) == 0
    assert capsys.readouterr().err == ""
    assert sorted(path.stem for path in FILES.iterdir()) == sorted(SETS)


@pytest.mark.parametrize("name", SETS)
def test_the_fingerprint_is_in_the_header(name: str) -> None:
    lines = (FILES / f"{name}.sql").read_text("utf-8").splitlines()
    assert lines[0].startswith(f"-- {name}: ")
    assert lines[1] == f"-- fingerprint: {fingerprint(SETS[name])}"


def test_it_gives_the_bits_of_the_reference(events: pl.DataFrame, tmp_path: Path) -> None:
    log = tmp_path / "it's a log.parquet"
    events.write_parquet(log)
    escaped = Path(str(log).replace("'", "''"))
    assert_same_bits(run(escaped), reference(events))


def test_without_files_it_says_what_to_do() -> None:
    said = r"say which files to read: SET VARIABLE input = 'log\.parquet'"
    with duckdb.connect() as connection, pytest.raises(duckdb.Error, match=said):
        connection.sql(NOTEBOOK.read_text("utf-8"))


def test_a_list_of_files_is_one_log(events: pl.DataFrame, tmp_path: Path) -> None:
    paths = [tmp_path / "b.parquet", tmp_path / "a.parquet"]
    for path, part in zip(paths, (events[:150], events[150:]), strict=True):
        part.write_parquet(path)
    with duckdb.connect() as connection:
        connection.execute(f"SET VARIABLE input = {list(map(str, paths))}")
        table = connection.sql(NOTEBOOK.read_text("utf-8")).to_arrow_table()
    assert_same_bits(pl.DataFrame(table), reference(events))


def test_several_files_are_one_log(events: pl.DataFrame, tmp_path: Path) -> None:
    for number, start in enumerate(range(0, 400, 100)):
        events[start : start + 100].write_parquet(tmp_path / f"part-{number}.parquet")
    assert_same_bits(run(tmp_path / "part-*.parquet"), reference(events))


def test_folders_named_like_columns_say_nothing(events: pl.DataFrame, tmp_path: Path) -> None:
    folder = tmp_path / "category=other"
    folder.mkdir()
    events.write_parquet(folder / "log.parquet")
    assert_same_bits(run(folder / "*.parquet"), reference(events))


def test_late_and_repeated_events(events: pl.DataFrame, tmp_path: Path) -> None:
    shuffled = pl.concat([events.sample(fraction=1.0, shuffle=True, seed=2), events[100:150]])
    # What arrives again may say something else: the first stays.
    again = events[:40].with_columns(pl.col("amt") + 1.0)
    log = pl.concat([shuffled, again])
    log.write_parquet(tmp_path / "log.parquet")
    assert_same_bits(run(tmp_path / "log.parquet"), reference(log))


def test_columns_that_are_not_there_are_null(events: pl.DataFrame, tmp_path: Path) -> None:
    bare = events.select(
        "cc_num", "unix_time", "amt", "merchant", pl.col("trans_num").alias("transaction_id")
    )
    bare.write_parquet(tmp_path / "log.parquet")
    assert_same_bits(run(tmp_path / "log.parquet"), reference(bare))


REQUIRED = [spec.name for spec in POS.columns if spec.required]


@pytest.mark.parametrize("name", REQUIRED)
def test_a_column_that_is_required_must_be_there(
    events: pl.DataFrame, tmp_path: Path, name: str
) -> None:
    events.drop(name).write_parquet(tmp_path / "log.parquet")
    with pytest.raises(duckdb.BinderException, match=f'"{name}" not found'):
        run(tmp_path / "log.parquet")


@pytest.mark.parametrize("name", REQUIRED)
def test_a_value_that_is_required_must_be_there(
    events: pl.DataFrame, tmp_path: Path, name: str
) -> None:
    """A row of a whole file lacks it where one of several files has no such column."""
    said = rf"{name} is missing from a row \(was null\)"
    row = pl.int_range(pl.len())
    events.with_columns(pl.when(row != 7).then(name)).write_parquet(tmp_path / "log.parquet")
    with pytest.raises(duckdb.Error, match=said):
        run(tmp_path / "log.parquet")
    events[:300].write_parquet(tmp_path / "part-0.parquet")
    events[300:].drop(name).write_parquet(tmp_path / "part-1.parquet")
    with pytest.raises(duckdb.Error, match=said):
        run(tmp_path / "part-*.parquet")


@pytest.mark.parametrize("none", [None, "", "  "])
def test_an_event_without_an_id_is_an_error(
    events: pl.DataFrame, tmp_path: Path, none: str | None
) -> None:
    """Taken as it is, all that have none would be one event that came many times."""
    said = r"an event id is missing from a row \(was null\): python -m engine\.build"
    ids = pl.when(pl.int_range(pl.len()) != 7).then("trans_num").otherwise(pl.lit(none))
    some = events.drop("transaction_id").with_columns(ids.alias("trans_num"))
    for log in (some, some.drop("trans_num")):
        log.write_parquet(tmp_path / "log.parquet")
        with pytest.raises(duckdb.Error, match=said):
            run(tmp_path / "log.parquet")
    # Of another name it will do.
    other = some.with_columns(profile=pl.lit("other"))
    other.write_parquet(tmp_path / "log.parquet")
    assert_same_bits(run(tmp_path / "log.parquet"), reference(other))


AMOUNTS = ["0.005", "0.015", "1.005", "2.675", "1.115", "10000000", "0.1", "0.014999999999999999"]


@pytest.mark.parametrize("dtype", [pl.Float64(), pl.Decimal(38, 18), pl.String()], ids=str)
def test_amounts_are_rounded_as_the_reader_rounds_them(
    events: pl.DataFrame, tmp_path: Path, dtype: pl.DataType
) -> None:
    values = {
        pl.Float64: list(map(float, AMOUNTS)),
        pl.String: AMOUNTS,
        pl.Decimal: list(map(Decimal, AMOUNTS)),
    }[type(dtype)]
    log = events[: len(AMOUNTS)].with_columns(pl.Series("amt", values, dtype=dtype))
    log.write_parquet(tmp_path / "log.parquet")
    assert_same_bits(run(tmp_path / "log.parquet"), reference(log))


MAJOR = ["999.25", "0.5", "1.5", "2.5", "-1.5", "-2.5", "1e-05", "0.0000000015", "-0.0000000025"]


@pytest.mark.parametrize("scale", range(10))
def test_amounts_of_every_scale(scale: int, tmp_path: Path) -> None:
    most = 2**63 - 1
    longest = [str(Decimal(sign * most).scaleb(-scale)) for sign in (1, -1)]
    halves = [str(Decimal(f"{whole}.5").scaleb(-scale)) for whole in (0, 1, 2, -1, -2, 10**14)]
    amounts = [*MAJOR, *longest, *halves]
    schema = replace(
        POS,
        columns=(
            ColumnSpec("unix_time", TIME, required=True),
            ColumnSpec("amt", money_type(scale)),
            ColumnSpec("tip", money_type(scale)),
        ),
        label_time=None,
    )
    amt, tip = column("amt"), column("tip")
    # A float does not tell the last units of a large amount; that two amounts are equal does.
    features = feature_set(
        "money",
        schema,
        [
            feature("amt", amt + 0, "the amount"),
            feature("same", key().previous(amt).eq(tip), "whether the tip is the amount before"),
        ],
    )
    exact = [minor_units(pl.Series([text]), scale)[0].item() for text in amounts]
    tips = [None, *(str(Decimal(units).scaleb(-scale)) for units in exact[:-1])]
    log = pl.DataFrame({"unix_time": range(len(amounts)), "amt": amounts, "tip": tips})
    log = log.with_columns(pl.format("e{}", "unix_time").alias("trans_num"))
    log.write_parquet(tmp_path / "log.parquet")
    (tmp_path / "money.sql").write_text(document(features), "utf-8")
    events = normalise(log, schema, ["unix_time", "amt", "tip"]).events
    assert events["amt"].to_list() == exact
    got = run(tmp_path / "log.parquet", tmp_path / "money.sql")
    expected = load_backend("reference").compute(features, events)
    assert_same_bits(got.select(expected.columns), expected)
    assert got["same"].to_list() == [None] + [1] * (len(amounts) - 1)


def test_other_spaces_are_a_part_of_an_id(events: pl.DataFrame, tmp_path: Path) -> None:
    ids = ["a", " a", "\u00a0a", "a\u2003", "\ta", "\u00a0", "  ", "a\n"]
    log = events[: len(ids)].with_columns(
        pl.Series("trans_num", ids), pl.lit("other").alias("profile")
    )
    log.write_parquet(tmp_path / "log.parquet")
    got = run(tmp_path / "log.parquet")
    assert got["event_id"].to_list() == [
        "a", "\u00a0a", "a\u2003", "\ta", "\u00a0", "other", "a\n"
    ]  # fmt: skip
    assert_same_bits(got, reference(log))


def test_text_of_nothing_is_null_and_zeros_have_no_sign(
    events: pl.DataFrame, tmp_path: Path
) -> None:
    row = pl.int_range(pl.len())
    log = events.with_columns(
        pl.when(row % 3 == 0).then(pl.lit("")).otherwise("category").alias("category"),
        pl.when(row % 3 == 1).then(-0.0).otherwise("lat").alias("lat"),
        pl.concat_str(pl.lit(" "), "trans_num", pl.lit("  ")).alias("trans_num"),
        pl.lit("").alias("profile"),
    )
    log.write_parquet(tmp_path / "log.parquet")
    assert_same_bits(run(tmp_path / "log.parquet"), reference(log))


def test_it_runs_in_the_command_line_of_duckdb(events: pl.DataFrame, tmp_path: Path) -> None:
    duckdb_cli = shutil.which("duckdb")
    if duckdb_cli is None:
        pytest.skip("the command line of DuckDB is not installed")
    events.write_parquet(tmp_path / "log.parquet")
    done = subprocess.run(  # noqa: S603 - our own file, run as its header says
        [duckdb_cli, "-cmd", "SET VARIABLE input = 'log.parquet'", "-csv", "-f", str(NOTEBOOK)],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        timeout=120,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    expected = reference(events)
    # The shortest text of a double reads back as it.
    got = pl.read_csv(done.stdout.encode(), schema=dict(expected.schema))
    assert_same_bits(got, expected)
