"""What each family of features adds: said of what is so, and of nothing else."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.catalog import notebook
from engine.definition.families import families_of
from engine.model.feature_values import FeatureValues
from engine.model.features_file import FeatureTable
from engine.model.loading import load_run
from engine.model.run import ABLATION
from engine.model.split import SplitOptions
from engine.train import ablation
from engine.train import job as training
from engine.train.ablation import verdict
from engine.train.job import train as train_on
from engine.train.options import Options
from engine.train.text import training_text
from unit.build.cases import tree
from unit.model.cases import table_of
from unit.train.cases import read_json, train, trained

DAY = 86_400
FAMILIES = {family.name: family.features for family in families_of(notebook)}


@pytest.fixture(scope="module")
def run(features: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of LightGBM with an ablation; not to be changed."""
    return trained(features, tmp_path_factory.mktemp("ablation"), "run", "--ablation", "--report")


def made_up(path: Path) -> FeatureTable:
    """Events whose card's history says what is fraud, twice over; all else is noise.

    The second half of what the transaction itself tells says a little of it.
    """
    random = np.random.default_rng(3)
    events = 8_000
    labels = (random.random(events) < 0.1).astype(np.int8)
    path.write_bytes(b"made up")
    table = table_of(
        np.linspace(0, 40 * DAY, events, dtype=np.int64).tolist(),
        labels.tolist(),
        random.integers(0, 200, events).tolist(),
    )
    values = random.normal(size=(events, len(notebook.names)))
    for name, strength in (("velocity_15m", 3.0), ("velocity_1h", 3.0), ("log_amt", 1.0)):
        values[:, notebook.names.index(name)] += strength * labels
    return replace(table, path=path, values=FeatureValues(np.asfortranarray(values)))


@pytest.mark.parametrize("model", ["lightgbm", "random_forest"])
def test_where_one_family_carries_everything_it_says_so(
    tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.model.forest.TREES", 40)
    table = made_up(tmp_path / "features.parquet")
    options = Options(
        features=table.path,
        out=tmp_path / "runs",
        id="run",
        model=model,
        split=SplitOptions(label_delay=DAY),
        resamples=100,
        ablation=True,
        report=False,
    )
    done = train_on(options, table)
    assert done.ablation is not None
    found = {family["family"]: family for family in done.ablation["families"]}
    assert next(iter(found)) == "card"
    card, itself = found["card"], found["the transaction itself"]
    assert card["verdict"] == "adds"
    assert card["adds"]["low"] > 0.2
    assert card["validation"]["low"] > 0.2
    assert card["gain"] > 0.5
    for noise in ("the card holder", "card × merchant"):
        assert found[noise]["verdict"] in {"not shown to add anything", "better without it"}
        assert abs(found[noise]["adds"]["value"]) < 0.05
        # No better than scores at random would be.
        assert found[noise]["alone"]["low"] < done.ablation["chance"] + 0.03
        assert found[noise]["alone"]["high"] < 0.2
    # Alone it tells something, and in a whole that knows better next to nothing more.
    assert itself["alone"]["low"] > done.ablation["chance"] + 0.05
    assert itself["adds"]["value"] < 0.1 < card["adds"]["value"]
    assert card["alone"]["value"] > itself["alone"]["value"]
    text = training_text(done)
    said = [line.split() for line in text.splitlines() if "[" in line]
    assert [line[-1] for line in said if line[0] == "card" and line[1].isdigit()] == ["adds"]
    assert "what each family of features adds to the average precision on test, " in text


def test_it_is_a_file_of_the_run(run: Path, boosted: Path) -> None:
    assert ABLATION in read_json(run / "manifest.json")["sha256"]
    assert not (boosted / ABLATION).exists()
    told = read_json(run / ABLATION)
    assert {family["family"]: tuple(family["features"]) for family in told["families"]} == FAMILIES
    assert sum(family["gain"] for family in told["families"]) == pytest.approx(1)
    values = [family["adds"]["value"] for family in told["families"]]
    assert values == sorted(values, reverse=True)
    page = (run / "report.html").read_text()
    assert "What each family of features adds" in page
    assert (run / "plots" / "ablation-added.png").is_file()
    assert (run / "plots" / "ablation-alone.png").is_file()
    load_run(run)


def test_the_model_is_that_of_a_training_without_it(run: Path, boosted: Path) -> None:
    for name in ("model.txt", "threshold.json", "metrics.json", "bins.json"):
        assert (run / name).read_bytes() == (boosted / name).read_bytes(), name


def test_the_whole_is_judged_as_everywhere(run: Path) -> None:
    told = read_json(run / ABLATION)
    metrics = read_json(run / "metrics.json")
    assert told["whole"] == metrics["figures"]["average_precision"]
    assert (told["events"], told["fraud"]) == (metrics["events"], metrics["fraud"])
    assert told["chance"] == metrics["fraud"] / metrics["events"]


def test_each_figure_is_that_of_a_training_on_these_features(
    features: Path, run: Path, tmp_path: Path
) -> None:
    told = {family["family"]: family for family in read_json(run / ABLATION)["families"]}
    for number, (name, own) in enumerate(FAMILIES.items()):
        if name not in ("card", "the card holder"):
            continue
        others = [each for each in notebook.names if each not in own]
        for key, left_out in (("without", own), ("alone", others)):
            options = ("--without", ",".join(left_out))
            by_hand = trained(features, tmp_path, f"{key}-{number}", *options)
            figures = read_json(by_hand / "metrics.json")["figures"]
            assert told[name][key] == figures["average_precision"]
        difference = read_json(run / ABLATION)["whole"]["value"] - told[name]["without"]["value"]
        assert told[name]["adds"]["value"] == pytest.approx(difference)


def test_the_same_again_whatever_the_threads(features: Path, run: Path, tmp_path: Path) -> None:
    again = trained(features, tmp_path, "run", "--ablation", "--threads", "1")
    assert (again / ABLATION).read_bytes() == (run / ABLATION).read_bytes()


def test_all_of_it_as_json(
    features: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], run: Path
) -> None:
    trained(features, tmp_path, "run", "--ablation", "--json")
    assert json.loads(capsys.readouterr().out)["ablation"] == read_json(run / ABLATION)
    trained(features, tmp_path, "other", "--json")
    assert json.loads(capsys.readouterr().out)["ablation"] is None


def test_how_far_it_is_and_how_long_it_takes(
    features: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--no-report", "--label-delay", "2d", "--resamples", "0", "--ablation"]
    training_main = pytest.importorskip("engine.train.cli").main
    assert training_main([str(features), "--out", str(tmp_path), "--id", "run", *options]) == 0
    said = capsys.readouterr().err
    assert ", without the card holder (1 of 8, about " in said
    assert ", card × merchant alone (8 of 8, about " in said
    assert said.count("s left)") == 8


def test_an_interrupt_leaves_nothing(
    features: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    really = ablation.narrowed

    def narrowed(*args: Any) -> FeatureTable:  # noqa: ANN401 - whatever it is called with
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return really(*args)

    monkeypatch.setattr(ablation, "narrowed", narrowed)
    before = tree(tmp_path)
    assert train(features, tmp_path / "runs", "run", "--ablation") == 130
    assert len(calls) == 3
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--anomaly",), "not with --anomaly"),
        (
            ("--without", "log_amt,hour,dow,is_night,merch_*,[!v]*"),
            "all features of notebook are of one family",
        ),
    ],
)
def test_what_has_nothing_to_leave_out_is_refused_before_it_begins(
    features: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    words: str,
) -> None:
    monkeypatch.setattr(training._Job, "_train", None)
    assert train(features, tmp_path / "runs", "run", "--ablation", *options) == 2
    what, hint = capsys.readouterr().err.splitlines()
    assert words in what
    assert "(was " in what
    assert hint.startswith("hint: ")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("value", "low", "high", "words"),
    [
        (0.02, 0.01, 0.03, "adds"),
        (0.02, -0.01, 0.03, "not shown to add anything"),
        (0.02, 0.0, 0.03, "not shown to add anything"),
        (-0.02, -0.03, 0.0, "not shown to add anything"),
        (-0.02, -0.03, -0.01, "better without it"),
        (0.02, None, None, "how surely was not measured"),
        (0.0, None, None, "adds nothing"),
        (None, None, None, "how surely was not measured"),
    ],
)
def test_the_verdict(
    value: float | None, low: float | None, high: float | None, words: str
) -> None:
    assert verdict({"value": value, "low": low, "high": high}) == words
