"""What analysts say of alerts reaches the next training: the ledger's log, its features, a run."""

from pathlib import Path
from shutil import copytree

import polars as pl

from engine.ledger.cli import main as ledger_main
from engine.live.ledger.rows import Batch, Label
from engine.retrain.cli import main as retrain_main
from unit.build.cases import built, canonical
from unit.live.ledger.cases import BEGAN, MODEL, decision, json_events, opened
from unit.model.cases import simulated
from unit.train.cases import read_json

DAY = 86_400
DISMISSED = 40


def test_a_retraining_learns_what_was_said(boosted: Path, tmp_path: Path) -> None:
    events = canonical(simulated())
    ids, times, truth = events["event_id"], events["unix_time"], events["is_fraud"]
    frauds = ids.filter(truth == 1)
    dismissed, withdrawn = set(frauds[:DISMISSED]), frauds[DISMISSED]
    ledger = tmp_path / "live.db"
    with opened(ledger) as made:
        made.enrol(MODEL)
        hidden = [name for name in ("is_fraud", "label_time", "job") if name in events.columns]
        texts = json_events(events.drop(hidden))
        made.record(
            Batch(
                [
                    decision(place, event_id=id_, event=text)
                    for place, (id_, text) in enumerate(zip(ids, texts, strict=True))
                ]
            )
        )
        known = dict(zip(ids, times + DAY, strict=True))
        of_bank = zip(ids, truth, strict=True)
        made.label([Label(id_, label, BEGAN, known[id_], "bank") for id_, label in of_bank])
        made.label([Label(id_, 0, BEGAN, known[id_], "mia") for id_ in dismissed])
        made.label([Label(withdrawn, None, BEGAN, known[withdrawn], "mia")])
    log, features = tmp_path / "log", tmp_path / "features"
    assert ledger_main(["export", str(ledger), "--as", "log", "--out", str(log), "--quiet"]) == 0
    built(features, [log])
    runs = Path(copytree(boosted.parent, tmp_path / "runs", symlinks=True))
    options = ["--id", "challenger", "--no-report", "--days", "6", "--resamples", "40", "--quiet"]
    assert retrain_main([str(features), "--runs", str(runs), *options]) == 0
    said = pl.DataFrame({"id": ids, "t": times, "label": truth}).with_columns(
        label=pl.when(pl.col("id").is_in(sorted(dismissed)))
        .then(0)
        .when(pl.col("id") != withdrawn)
        .then("label")
    )
    learnt_otherwise = 0
    for name, part in read_json(runs / "challenger" / "manifest.json")["parts"].items():
        inside = said.filter(pl.col("t").is_between(part["start"], part["end"], closed="left"))
        assert part["events"] == inside["label"].count(), name
        assert part["fraud"] == inside["label"].sum(), name
        learnt_otherwise += inside["id"].is_in(sorted(dismissed)).sum()
    assert learnt_otherwise > 0
