"""What a build refuses or fails at: one message with a hint, nothing left, nothing lost."""

import gzip
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from processes import PATIENCE_SECONDS, started
from replay.simulate import Settings
from replay.simulate.job import simulate_to_file
from unit.build.cases import build, built, tree, write

ROOT = Path(__file__).parents[3]


def assert_refused(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    words: str,
    *args: str,
    out: str = "out",
) -> None:
    """Exit code 2, two lines on standard error, and the folder as it was."""
    before = tree(folder)
    assert build(folder / out, args) == 2
    said = capsys.readouterr()
    what, hint = said.err.splitlines()
    assert words in what
    assert "(was" in what
    assert hint.startswith("hint: ")
    assert said.out == ""
    assert tree(folder) == before


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--threads", "0"], "--threads"),
        (["--threads", "two"], "--threads"),
        (["--threads", "²"], "--threads"),
        (["--threads", "9" * 30], "--threads"),
        (["--set", "nothing"], "no such feature set"),
        (["--engine", "abacus"], "abacus"),
        (["--thread", "1"], "--thread"),
        (["missing.csv"], "missing.csv"),
        (["*.nothing"], "matches the pattern"),
    ],
)
def test_options_that_mean_nothing(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], args: list[str], words: str
) -> None:
    assert_refused(tmp_path, capsys, words, str(log), *args)


@pytest.mark.parametrize("option", ["inputs", "--out"])
def test_options_that_are_missing(
    log: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    from engine.build.cli import main

    assert main([str(log)] if option == "--out" else ["--out", "out"]) == 2
    assert "hint: see --help" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", b"", "the file is empty"),
        ("empty.parquet", b"", "the file is empty"),
        ("text.parquet", b"a|b\n1|2\n", "cannot be read as Parquet"),
        ("short.csv.gz", gzip.compress(b"x" * 99)[:20], "short.csv.gz"),
        ("plain.csv.gz", b"a|b\n1|2\n", "not gzip"),
        ("tabs.csv", b"trans_num\tcc_num\tamt\n1\t2\t3\n", "delimited by tabs"),
        ("semicolons.csv", b"trans_num;cc_num;amt\n1;2;3\n", "delimited by semicolons"),
        ("other.csv", b"city,height\nBonn,60\n", "no column identifies an event"),
        ("table.xlsx", b"PK", "table.xlsx"),
    ],
)
def test_files_that_are_no_log(
    log: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: bytes,
    words: str,
) -> None:
    (tmp_path / name).write_bytes(content)
    # Behind a good file: it is noticed before anything is computed.
    assert_refused(tmp_path, capsys, words, str(log), str(tmp_path / name))


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_column_that_is_missing(
    events: pl.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    path = tmp_path / f"log.{suffix}"
    if suffix == "csv":
        events.drop("merchant").write_csv(path, separator="|", quote_style="never")
    else:
        events.drop("merchant").write_parquet(path)
    assert_refused(tmp_path, capsys, "a required column is missing (was 'merchant')", str(path))


def test_parquet_that_is_cut_or_damaged(
    events: pl.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(events, tmp_path / "log.parquet")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert_refused(tmp_path, capsys, "cannot be read as Parquet", str(path))
    # The footer is whole, so that only reading the pages finds out.
    path.write_bytes(whole[:4] + b"\xff" * (len(whole) // 2) + whole[4 + len(whole) // 2 :])
    assert_refused(tmp_path, capsys, "cannot be read as Parquet", str(path))


def test_strict_refuses_a_log_with_an_unreadable_row(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with log.open("a") as file:
        file.write("half a line\n")
    assert_refused(tmp_path, capsys, "1 × too few fields", str(log), "--strict")
    assert build(tmp_path / "out", [log]) == 0


def test_results_that_are_there_already(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    built(tmp_path / "out", [log])
    assert_refused(tmp_path, capsys, "results are there already", str(log))


def test_outputs_that_cannot_be_folders(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").write_text("mine")
    assert_refused(tmp_path, capsys, "not a folder", str(log), "--overwrite")
    assert_refused(tmp_path, capsys, "cannot be written", str(log), out="out/below")


def test_a_folder_in_the_place_of_a_result(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    built(tmp_path / "out", [log])
    (tmp_path / "out" / "build.json").unlink()
    (tmp_path / "out" / "build.json").mkdir()
    assert_refused(tmp_path, capsys, "build.json", str(log), "--overwrite")


@pytest.mark.parametrize("existing", [False, True])
def test_a_full_disk(
    log: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    existing: bool,  # noqa: FBT001 - a case of the test, not a switch of an interface
) -> None:
    if existing:
        built(tmp_path / "out", [log])

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.LazyFrame, "sink_parquet", full)
    assert_refused(tmp_path, capsys, "No space left on device", str(log), "--overwrite")


def test_a_limit_of_the_system_on_files(log: Path, tmp_path: Path) -> None:
    built(tmp_path / "out", [log])
    before = tree(tmp_path)
    limited = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000));"
        "from engine.build.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-c", limited, str(log), "--out", str(tmp_path / "out"), "--overwrite"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 2, done.stderr
    assert "File too large" in done.stderr
    assert len(done.stderr.splitlines()) == 2
    assert tree(tmp_path) == before


@pytest.fixture(scope="module")
def long_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that takes far longer to build from than to make: one file, by many names."""
    folder = tmp_path_factory.mktemp("long")
    simulate_to_file(Settings(rows=200_000, cards=200), folder / "00.parquet", quiet=True)
    for number in range(1, 40):
        (folder / f"{number:02}.parquet").hardlink_to(folder / "00.parquet")
    return folder


@pytest.mark.parametrize(
    ("number", "existing", "awaited"),
    [
        (signal.SIGINT, False, ".scratch-*"),
        (signal.SIGINT, True, ".scratch-*/arrived.arrows"),
        (signal.SIGTERM, False, ".scratch-*/arrived.arrows"),
        (signal.SIGTERM, True, ".scratch-*"),
    ],
)
def test_a_signal_leaves_things_as_they_were(
    events: pl.DataFrame,
    long_log: Path,
    tmp_path: Path,
    number: signal.Signals,
    existing: bool,  # noqa: FBT001 - a case of the test, not a switch of an interface
    awaited: str,
) -> None:
    out = tmp_path / "out"
    if existing:
        built(out, [write(events, tmp_path / "log.csv")])
    before = tree(tmp_path)
    command = [sys.executable, "-m", "engine.build", str(long_log), "--out", str(out)]
    with started([*command, "--overwrite", "--quiet"]) as running:
        while not any(out.glob(awaited)):
            assert running.poll() is None
            time.sleep(0.01)
        running.send_signal(number)
        _, error = running.communicate(timeout=PATIENCE_SECONDS)
    said = b"terminated" if number == signal.SIGTERM else b"interrupted"
    assert error == said + b": nothing was left half-written\n"
    assert running.returncode == 128 + number
    assert tree(tmp_path) == before


def _as_text(events: pl.DataFrame) -> str:
    return events.write_csv(separator="|", quote_style="never")


@pytest.mark.parametrize(
    ("case", "words", "hint"),
    [
        ("delimiter", "600 × too few fields, first at {log}:2 (was 1 of ", "delimited otherwise"),
        ("milliseconds", "600 × unix_time above 4102444800, first at {log}:2 (was 17",
         "unix_time is in seconds since 1970 as a whole number; divide milliseconds by 1000"),
        ("amounts", "600 × amt is not a number, first at {log}:2 (was 'EUR ", "right unit"),
        ("one", "every row was refused (was 1 row): 1 × amt is missing", "right unit"),
    ],
)  # fmt: skip
def test_a_log_of_refused_rows_alone(
    events: pl.DataFrame,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    case: str,
    words: str,
    hint: str,
) -> None:
    path = tmp_path / "bad.csv"
    built(tmp_path / "out", [write(events, tmp_path / "log.csv")])
    header, _, rows = _as_text(events).partition("\n")
    texts = {
        "delimiter": f"{header}\n{rows.replace('|', ',')}",
        "milliseconds": _as_text(events.with_columns(pl.col("unix_time") * 1000)),
        "amounts": _as_text(events.with_columns(pl.format("EUR {}", "amt").alias("amt"))),
        "one": _as_text(events[:1].with_columns(pl.lit(None).alias("amt"))),
    }
    path.write_text(texts[case])
    before = tree(tmp_path)
    for out in ("out", "new"):
        assert build(tmp_path / out, [path], "--overwrite") == 2
        said = capsys.readouterr().err
        assert words.format(log=path) in said
        assert hint in said.splitlines()[1]
        assert len(said.splitlines()) == 2
    assert tree(tmp_path) == before


def test_a_log_of_many_faults_names_the_commonest(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.csv"
    header, row = log.read_text().splitlines()[:2]
    fields = row.split("|")
    fields[header.split("|").index("cc_num")] = ""
    many = [row + "|x"] * 3 + ["x"] * 2 + ["|".join(fields)]
    path.write_text("\n".join([header, *many]))
    assert build(tmp_path / "out", [path]) == 2
    what = capsys.readouterr().err.splitlines()[0]
    assert what.startswith("every row was refused (was 6 rows): ")
    assert "3 × too many fields" in what
    assert f"; 2 × too few fields, first at {path}:5 (was 1 of" in what


def test_a_full_disk_is_named_as_the_folder_of_the_results(
    log: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"

    def full(_lazy: pl.LazyFrame, path: Path, **_: object) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(pl.LazyFrame, "sink_parquet", full)
    assert build(out, [log]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"cannot write {out / 'features.parquet'} (was: ")
    assert f"hint: free some space on {out}" in said
    assert ".scratch" not in said


def test_a_log_in_the_place_of_results_is_not_replaced(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = tmp_path / "out" / "features.parquet"
    raw.parent.mkdir()
    pl.read_csv(log, separator="|", infer_schema=False, quote_char=None).write_parquet(raw)
    assert_refused(tmp_path, capsys, "--out: would replace what is read", str(raw), "--overwrite")
