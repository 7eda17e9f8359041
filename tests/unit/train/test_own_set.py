"""A feature set of somebody's own, from its file to a replay, which needs the file no more."""

import json
from pathlib import Path

import polars as pl
import pytest

from engine.compare.cli import main as compare
from engine.definition import fingerprint
from engine.model.loading import load_run
from engine.score.cli import main as score
from engine.skew.cli import main as skew
from engine.sql.cli import main as sql
from replay.backtest.cli import main as backtest
from replay.cli import main as replay
from unit.build.cases import build, report, write
from unit.model.cases import simulated
from unit.train.cases import read_json, trained

MINE = """\
from engine.definition import POS, column, feature, feature_set, key, log1p

card = key("cc_num")
my_set = feature_set(
    "mine",
    POS,
    [
        feature("log_amt", log1p(column("amt")), "logarithm of one plus the amount"),
        feature("events_15m", card.last(minutes=15).count(), "card's events in 15 minutes"),
        feature("events_7d", card.last(days=7).count(), "card's events in a week"),
        feature("merchant_mean_7d", key("merchant").last(days=7).mean("amt"), "merchant's mean"),
    ],
)
"""


def test_from_its_file_to_a_replay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = write(simulated(), tmp_path / "log.csv")
    file = tmp_path / "my_features.py"
    file.write_text(MINE)
    mine = f"{file}:my_set"
    assert build(tmp_path / "built", [log], "--set", mine) == 0
    engines = ("--engines", "polars,duckdb,online", "--scratch", str(tmp_path))
    assert skew([str(log), "--set", mine, *engines]) == 0
    assert sql(["--set", mine, "--out", str(tmp_path / "sql")]) == 0
    assert (tmp_path / "sql" / "mine.sql").is_file()
    file.unlink()
    run = trained(tmp_path / "built", tmp_path / "runs", "run", "--report")
    features = load_run(run).features
    assert (features.name, len(features.names)) == ("mine", 4)
    assert fingerprint(features) == report(tmp_path / "built")["fingerprint"]
    assert read_json(run / "manifest.json")["definitions"]["name"] == "mine"
    scores = tmp_path / "scores.parquet"
    assert score([str(log), "--run", str(run), "--out", str(scores), "--quiet"]) == 0
    ledger = tmp_path / "ledger"
    assert replay([str(log), "--run", str(run), "--ledger", str(ledger), "--quiet"]) == 0
    parts = pl.concat(map(pl.read_parquet, sorted(ledger.glob("part-*.parquet"))))
    served = parts.sort("event_id")["score"]
    assert served.to_list() == pl.read_parquet(scores).sort("event_id")["score"].to_list()
    capsys.readouterr()
    assert build(tmp_path / "again", [log], "--set", mine) == 2
    assert "there is no such file" in capsys.readouterr().err


@pytest.fixture(scope="module")
def namesakes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the builds and runs of two sets of one name, whose windows differ."""
    folder = tmp_path_factory.mktemp("namesakes")
    log = write(simulated(), folder / "log.csv")
    for name, days in (("one", "days=7"), ("other", "days=8")):
        file = folder / f"{name}.py"
        file.write_text(MINE.replace("days=7", days))
        assert build(folder / name, [log], "--set", f"{file}:my_set") == 0
        trained(folder / name, folder / "runs", name)
    return folder


def test_features_of_a_namesake_are_refused(
    namesakes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = (str(namesakes / "runs" / name) for name in ("one", "other"))
    built = str(namesakes / "other")
    out = ["--out", str(namesakes / "out"), "--quiet"]
    spans = ["--test", "2d", "--delay", "1d", "--train", "6d"]
    for command, said in (
        (
            lambda: score([built, "--run", one, *out]),
            "not the features that the run was trained on",
        ),
        (lambda: compare([one, other, built]), f"not the features that {one} was trained on"),
        (
            lambda: backtest([built, "--run", one, *spans, *out]),
            "not the features that are asked for",
        ),
        (
            lambda: backtest([built, "--run", one, "--against-run", other, *spans, *out]),
            "the runs are of different feature sets (was mine ",
        ),
        (
            lambda: backtest(
                [built, "--run", other, "--set", f"{namesakes / 'one.py'}:my_set", *spans, *out]
            ),
            f"--set: not the feature set of {other} (was mine ",
        ),
    ):
        assert command() == 2
        assert said in capsys.readouterr().err
    assert not (namesakes / "out").exists()


def test_a_build_is_backtested_with_its_own_set(
    namesakes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "built").symlink_to(namesakes / "one")
    spans = ["--test", "4d", "--delay", "1d", "--train", "12d", "--resamples", "0"]
    code = backtest([str(tmp_path / "built"), *spans, "--json", "--quiet"])
    told = capsys.readouterr()
    assert code == 0, told.err
    assert json.loads(told.out)["feature_set"] == "mine"
