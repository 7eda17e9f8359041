"""The suite of drift: some categories are of the test alone, and two sets are judged by it."""

import json
from pathlib import Path

import polars as pl
import pytest

from benchmarks.cli import main
from benchmarks.suites import drift as suite
from engine.model.split import midnight

MINE = """\
from engine.definition import POS, column, feature, feature_set, key

card = key("cc_num")
mine = feature_set(
    "mine",
    POS,
    [
        feature("amt", column("amt"), "amount"),
        feature("category", column("category"), "category"),
        feature("count_1h", card.last(hours=1).count(), "card's events in the last hour"),
    ],
)
"""


def test_a_set_is_held_against_the_notebook_where_categories_are_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[pl.DataFrame] = []

    def built(options: suite.BuildOptions) -> object:
        seen.append(pl.read_parquet(options.inputs[0]))
        return build(options)

    build = suite.build
    monkeypatch.setattr(suite, "build", built)
    (tmp_path / "mine.py").write_text(MINE)
    places = ["--dir", str(tmp_path / "dir"), "--results", str(tmp_path)]
    asked = ["--set", f"{tmp_path}/mine.py:mine", "--rows", "20_000", *places]
    assert main(["drift", *asked]) == 0
    log, again = seen
    assert log.equals(again)
    is_new = pl.col("category").cast(pl.String).is_in(suite.NEW)
    before = log.filter(pl.col("unix_time") < midnight(suite.TEST_FROM))
    after = log.filter(pl.col("unix_time") >= midnight(suite.TEST_FROM))
    assert before.filter(is_new).is_empty()
    assert set(after.filter(is_new)["category"].cast(pl.String)) == set(suite.NEW)
    results = json.loads((tmp_path / "drift-20000.json").read_text())
    assert results["inputs"]["rows"] == len(log) < 20_000
    assert results["inputs"]["of_new_categories_in_test"] == after.select(is_new.mean()).item()
    assert results["comparison"]["events"] <= len(after)
    assert results["command"] == (
        "python -m benchmarks drift --set mine.py:mine --rows 20000 --seed 0"
    )
    printed = capsys.readouterr().out
    assert printed == suite.as_text(results)
    assert "mine" in printed
    assert suite.page(results, "kept.json").startswith("```console\n$ python -m benchmarks drift ")
    assert not (tmp_path / "dir").exists()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--rows", "10"], "--rows: not a whole number in bounds (was '10')"),
        (
            ["--set", "notebook"],
            "--set: the very set that another is held against (was 'notebook')",
        ),
    ],
)
def test_what_cannot_be_told_apart_is_refused_before_anything_is_simulated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], asked: list[str], said: str
) -> None:
    places = ["--dir", str(tmp_path / "dir"), "--results", str(tmp_path / "results")]
    assert main(["drift", *asked, *places]) == 2
    what, hint = capsys.readouterr().err.splitlines()
    assert what == said
    assert hint.startswith("hint: ")
    assert not list(tmp_path.iterdir())


def test_lines_of_the_help_are_not_too_long(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["drift", "--help"])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 100
