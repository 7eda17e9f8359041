"""A feature set of somebody's own, from its file to a replay, which needs the file no more."""

from pathlib import Path

import polars as pl
import pytest

from engine.definition import fingerprint
from engine.model.loading import load_run
from engine.score.cli import main as score
from engine.skew.cli import main as skew
from engine.sql.cli import main as sql
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
