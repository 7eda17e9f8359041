"""Text features from a log to decisions: one encoding, of the training part, kept with the run."""

import json
import re
from io import StringIO
from pathlib import Path
from shutil import copytree

import joblib
import lightgbm
import numpy as np
import polars as pl
import pytest

from engine.compare.cli import main as compare
from engine.errors import InputError
from engine.model.features_file import FeatureTable, read_features
from engine.model.loading import load_run
from engine.model.reasons import HOLDER, reasons
from engine.model.split import DAY, SplitOptions, split
from engine.retrain.cli import main as retrain
from engine.score.cli import main as score
from replay.backtest.cli import main as backtest
from replay.cli import main as replay
from unit.model.worded import LATE, NAMES, build_worded, worded_log
from unit.replay.questions.cases import asked
from unit.train.cases import read_json, train, trained

KINDS = {
    "boosted": (),
    "boosted-anomaly": ("--anomaly",),
    "forest": ("--model", "random_forest"),
    "forest-anomaly": ("--model", "random_forest", "--anomaly"),
}
CATEGORY, BEFORE, GENDER = (NAMES.index(name) for name in ("category", "category_before", "gender"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_worded(tmp_path_factory.mktemp("worded"))


@pytest.fixture(scope="module")
def table(built: Path) -> FeatureTable:
    return read_features(built, labels_required=True)


@pytest.fixture(scope="module")
def runs(built: Path) -> Path:
    """A run of each kind; not to be changed."""
    for name, options in KINDS.items():
        trained(built, built.parent / "runs", name, *options)
    return built.parent / "runs"


def test_a_table_holds_texts_as_the_file_does(built: Path, table: FeatureTable) -> None:
    frame = pl.read_parquet(built / "features.parquet")
    for column in (CATEGORY, BEFORE, GENDER):
        assert table.values.texts(column) == frame[NAMES[column]].to_list()
    assert frame["category_before"].null_count() > 0
    assert sorted(table.values.levels) == [CATEGORY, BEFORE, GENDER]


def test_the_encoding_is_of_the_training_part_alone(runs: Path, table: FeatureTable) -> None:
    rows = split(table, SplitOptions(label_delay=2 * DAY)).train.rows
    told = read_json(runs / "boosted" / "encoding.json")
    assert list(told) == ["category", "category_before", "gender"]
    for column in (CATEGORY, BEFORE, GENDER):
        learnt = {text for text in table.values[rows].texts(column) if text is not None}
        assert told[NAMES[column]] == {"texts": sorted(learnt), "unseen": len(learnt)}
    assert LATE in table.values.levels[CATEGORY]
    assert LATE not in told["category"]["texts"]
    assert load_run(runs / "boosted").encoding.to_json(tuple(NAMES)) == told
    usual = read_json(runs / "boosted" / "manifest.json")["usual"]
    known = pl.Series(table.values[rows].texts(BEFORE)).drop_nulls()
    assert usual["category_before"] == known.mode().sort()[0]
    assert isinstance(usual["log_amt"], float)


@pytest.mark.parametrize("kind", KINDS)
def test_batch_and_replay_score_alike_to_the_bit(
    built: Path, runs: Path, table: FeatureTable, tmp_path: Path, kind: str
) -> None:
    log, run = built.parent / "built.csv", runs / kind
    expected = load_run(run).scores(table.values)
    assert len(np.unique(expected)) > 100
    batches = ("1", "7", "512") if kind == "boosted" else ("64",)
    for source, name in ((log, "log.parquet"), (built, "built.parquet")):
        out = tmp_path / name
        assert score([str(source), "--run", str(run), "--out", str(out), "--quiet"]) == 0
        found = pl.read_parquet(out)
        assert found["event_id"].to_list() == table.event_ids.to_list()
        assert np.array_equal(found["score"].to_numpy(), expected)
    for batch in batches:
        ledger = tmp_path / f"ledger-{batch}"
        options = ["--ledger", str(ledger), "--batch", batch, "--leap", "none", "--quiet"]
        assert replay([str(log), "--run", str(run), *options]) == 0
        parts = pl.concat(map(pl.read_parquet, sorted(ledger.glob("part-*.parquet"))))
        assert np.array_equal(parts["score"].to_numpy(), expected)
        features = parts["features"].struct.unnest()
        assert features["category"].to_list() == table.values.texts(CATEGORY)
        assert features["category_before"].to_list() == table.values.texts(BEFORE)
        flagged = parts.filter(pl.col("flagged") == 1)["reasons"].explode().struct.unnest()
        words = flagged.filter(pl.col("feature") == "category")["words"]
        assert words.str.starts_with("category of the merchant: ").all()


def test_skew_of_a_text_is_seen(built: Path, runs: Path, tmp_path: Path) -> None:
    ledger, file = tmp_path / "ledger", tmp_path / "features.parquet"
    options = ["--ledger", str(ledger), "--leap", "none", "--quiet"]
    assert replay([str(built.parent / "built.csv"), "--run", str(runs / "boosted"), *options]) == 0
    served = pl.read_parquet(built / "features.parquet")
    row = pl.int_range(pl.len())
    first = served["category_before"].is_not_null().arg_true()[0]
    other = served.with_columns(
        category=pl.when(row < 3).then(pl.lit("another")).otherwise("category"),
        category_before=pl.when(row != first).then("category_before"),
    )
    for features, expected in ((served, {}), (other, {"category": 3, "category_before": 1})):
        features.write_parquet(file)
        found = asked("skew", ledger, features=file)
        assert {one["feature"] for one in found} == set(NAMES)
        assert {one["feature"]: one["different"] for one in found if one["found"]} == expected


def test_other_tools_read_the_codes(runs: Path, table: FeatureTable) -> None:
    boosted, forest = load_run(runs / "boosted"), load_run(runs / "forest")
    codes = boosted.encoding.encoded(table.values)
    booster = lightgbm.Booster(model_file=runs / "boosted" / "model.txt")
    assert "num_cat=0" not in (runs / "boosted" / "model.txt").read_text()
    assert np.array_equal(booster.predict(codes), boosted.scores(table.values))
    for run in (boosted, forest, load_run(runs / "forest-anomaly")):
        classifier = joblib.load(run.path / "model.pkl")
        assert np.array_equal(classifier.predict_proba(codes)[:, 1], run.scores(table.values))


def test_a_notebook_makes_the_codes_as_readme_says(built: Path, runs: Path) -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text()
    (code,) = re.findall(r"```python\n(frame = pl\.read_parquet.*?)```", readme, re.DOTALL)
    assert "demo/pos" in code
    said = {"json": json, "pl": pl, "names": NAMES, "run": runs / "boosted"}
    said["open"] = lambda path: StringIO(Path(path).read_text())  # which nobody has to close
    exec(code.replace("demo/pos", str(built)), said)  # noqa: S102 - our own words
    run = load_run(runs / "boosted")
    expected = run.encoding.encoded(read_features(built, labels_required=True).values)
    assert np.array_equal(said["values"], expected, equal_nan=True)  # type: ignore[call-overload] # an array


@pytest.mark.parametrize("kind", ["boosted", "forest"])
def test_what_training_did_not_hold_is_none_of_what_it_held(
    runs: Path, table: FeatureTable, kind: str
) -> None:
    run = load_run(runs / kind)
    late = np.flatnonzero(table.values.numbers[:, CATEGORY] == _code(table, LATE))
    never = table.values[late]
    expected = run.scores(never)
    levels = {**never.levels, CATEGORY: ("never heard of",)}
    numbers = never.numbers.copy()
    numbers[:, CATEGORY] = 0.0
    assert np.array_equal(run.scores(type(never)(numbers, levels)), expected)
    others = []
    for text in run.encoding.levels[CATEGORY]:
        levels[CATEGORY] = (text,)
        others.append(run.scores(type(never)(numbers, dict(levels))))
    assert not any(np.array_equal(other, expected) for other in others)


def _code(table: FeatureTable, text: str) -> int:
    return table.values.levels[CATEGORY].index(text)


def test_reasons_name_texts_and_hide_the_holders(runs: Path, table: FeatureTable) -> None:
    run = load_run(runs / "boosted")
    usual = run.usual["category"]
    words = [one for row in reasons(run, table.values, 9) for one in row]
    said = {one.words for one in words if one.feature == "category"}
    texts = {text for text in table.values.texts(CATEGORY) if text not in (usual, LATE)}
    assert said <= {
        *(f"category of the merchant: {text}; usual is {usual}" for text in texts),
        f"category of the merchant: {usual}, as usual",
        f"category of the merchant: {LATE}, which training did not hold; usual is {usual}",
    }
    assert len(said) > 3
    assert not any(one.feature == "gender" for one in words)
    assert any(one.feature == HOLDER for one in words)


def test_what_is_new_has_moved(runs: Path, table: FeatureTable, built: Path) -> None:
    run = load_run(runs / "boosted")
    assert run.bins is not None
    bins = run.bins.features["category"]
    unseen = float(run.encoding.unseen[CATEGORY])
    assert bins.alone[-1] == unseen
    assert bins.edges == ()
    args = [str(built), "--runs", str(runs), "--champion", str(runs / "boosted"), "--dry-run"]
    days = ["--days", "7", "--resamples", "40", "--no-report", "--id", "challenger", "--quiet"]
    assert retrain([*args, *days]) == 0
    told = read_json(runs / "challenger" / "decision.json")["drift"]["features"]
    moved = {each["feature"]: each["psi"] for each in told}
    assert moved["category"] > moved["gender"]
    assert moved["category"] > 0.25
    challenger = load_run(runs / "challenger")
    assert challenger.encoding.levels.keys() == run.encoding.levels.keys()
    # The challenger has learnt from newer days than the champion: each by its own codes.
    args = [str(runs / "challenger"), str(runs / "forest"), str(built), "--resamples", "10"]
    assert compare([*args, "--from", _last_days(table), "--quiet"]) == 0


def _last_days(table: FeatureTable) -> str:
    return str(np.datetime64(int(table.times.max()) - 5 * DAY, "s").astype("datetime64[D]"))


def test_backtests_go_both_ways(built: Path, tmp_path: Path) -> None:
    mine = f"{built.parent / 'worded.py'}:worded"
    args = [str(built.parent / "built.csv"), "--set", mine, "--check", "--delay", "2d"]
    spans = ["--train", "20d", "--test", "7d", "--resamples", "0", "--out", str(tmp_path / "b")]
    assert backtest([*args, *spans, "--quiet"]) == 0


@pytest.mark.parametrize("name", ["encoding.json"])
def test_the_encoding_is_verified(runs: Path, tmp_path: Path, name: str) -> None:
    copy = copytree(runs / "boosted", tmp_path / "run")
    content = json.loads((copy / name).read_text())
    content["category"]["texts"].reverse()
    (copy / name).write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"encoding\.json: not the file that was trained"):
        load_run(copy)
    (copy / name).unlink()
    with pytest.raises(InputError, match=r"encoding\.json: cannot be read"):
        load_run(copy)


def test_a_run_without_texts_has_none(boosted: Path, tmp_path: Path, runs: Path) -> None:
    assert not (boosted / "encoding.json").exists()
    copy = copytree(boosted, tmp_path / "run")
    load_run(copy)
    (copy / "encoding.json").write_bytes((runs / "boosted" / "encoding.json").read_bytes())
    with pytest.raises(InputError, match=r"encoding\.json: not the file that was trained"):
        load_run(copy)


def test_too_many_texts_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shops = pl.format("shop {}", pl.int_range(pl.len()) % 997).alias("category")
    built = build_worded(tmp_path, worded_log().with_columns(shops))
    capsys.readouterr()
    assert train(built, tmp_path / "runs", "run") == 2
    said = capsys.readouterr().err
    assert "category: more different texts than a model tells apart (was 997 in the" in said
    assert "hint: leave it out of the set, and tell of its history instead" in said
    assert list((tmp_path / "runs").glob("[!.]*")) == []


def test_a_file_that_is_not_as_its_definitions_say_is_refused(built: Path, tmp_path: Path) -> None:
    copy = copytree(built, tmp_path / "built")
    frame = pl.read_parquet(copy / "features.parquet")
    for name, dtype in (("category", pl.Categorical()), ("log_amt", pl.String())):
        frame.with_columns(pl.col(name).cast(dtype)).write_parquet(copy / "features.parquet")
        with pytest.raises(InputError, match=rf"not what its definitions say \(was {name} as"):
            read_features(copy, labels_required=True)
