"""Runs that are not what was trained are refused, before a pickle runs."""

import hashlib
import json
import math
import os
import pickle
import shutil
import signal
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from engine.catalog import notebook
from engine.errors import InputError, OutputError
from engine.model import lock, replace, store
from engine.model.loading import load_run
from engine.model.pickles import pickled
from engine.model.split import SplitOptions
from engine.train import job as training
from engine.train.options import Options
from unit.build.cases import tree
from unit.train.cases import read_json, train, trained


@pytest.fixture
def run(forest: Path, tmp_path: Path) -> Path:
    """A run to be tampered with."""
    return Path(shutil.copytree(forest, tmp_path / "run"))


def rewrite(run: Path, **changes: Any) -> None:  # noqa: ANN401 - JSON
    path = run / "manifest.json"
    path.write_text(json.dumps(read_json(path) | changes))


def assert_refused(run: Path, words: str) -> None:
    with pytest.raises(InputError) as refused:
        load_run(run)
    what, hint = str(refused.value).splitlines()
    assert words in what
    assert "(was" in what
    assert hint.startswith("hint: ")


def test_a_run_that_is_whole_loads(run: Path) -> None:
    loaded = load_run(run)
    assert loaded.threshold == read_json(run / "threshold.json")["threshold"]
    assert loaded.model.kind == "random_forest"


class _Trap:
    def __init__(self, mark: Path) -> None:
        self._mark = str(mark)

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (self._mark,)


def test_no_pickle_runs_whose_hash_is_not_the_manifests(run: Path, tmp_path: Path) -> None:
    mark = tmp_path / "it ran"
    (run / "model.pkl").write_bytes(pickle.dumps(_Trap(mark)))
    assert_refused(run, "model.pkl: not the file that was trained")
    assert not mark.exists()


@pytest.mark.parametrize("name", ["features.json", "threshold.json", "metrics.json", "model.pkl"])
def test_files_that_were_changed_or_are_missing(run: Path, name: str) -> None:
    content = (run / name).read_bytes()
    (run / name).write_bytes(content + b" ")
    assert_refused(run, f"{name}: not the file that was trained")
    (run / name).unlink()
    assert_refused(run, f"{name}: cannot be read")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fingerprint": "0" * 64}, "other definitions of notebook"),
        ({"feature_set": "other"}, "no such feature set"),
        ({"format": 99}, "not a manifest of format 1"),
        ({"model": "oracle"}, "no such kind of model"),
        ({"versions": {"scikit-learn": "0.1"}}, "another version of scikit-learn"),
        ({"sha256": {}}, "not the file that was trained"),
        ({"sha256": None}, "tells no sha256"),
        ({"options": []}, "tells no options"),
        ({"parts": None}, "tells no parts"),
        ({"versions": 1}, "tells no versions"),
        ({"id": None}, "tells no id"),
        ({"usual": None}, "usual values cannot be read"),
    ],
)
def test_manifests_of_something_else(run: Path, changes: dict[str, Any], words: str) -> None:
    rewrite(run, **changes)
    assert_refused(run, words)


def test_a_name_that_no_file_can_have(run: Path) -> None:
    hashes = read_json(run / "manifest.json")["sha256"]
    rewrite(run, sha256=hashes | {"a\0b": "0" * 64})
    assert_refused(run, "'a\\x00b' cannot be read")


@pytest.mark.parametrize("name", ["bins.json", "report.html", "anomaly.pkl", "ablation.json"])
def test_files_that_the_manifest_does_not_name(run: Path, name: str) -> None:
    if not (run / name).exists():
        (run / name).write_text("{}")
    hashes = json.loads((run / "manifest.json").read_text())["sha256"]
    rewrite(run, sha256={file: digest for file, digest in hashes.items() if file != name})
    assert_refused(run, f"{name}: not the file that was trained")


def test_a_run_without_its_pickle(boosted: Path, tmp_path: Path) -> None:
    """Others read it, though not what loads it here."""
    run = Path(shutil.copytree(boosted, tmp_path / "boosted"))
    (run / "model.pkl").unlink()
    hashes = read_json(run / "manifest.json")["sha256"]
    rewrite(run, sha256={name: digest for name, digest in hashes.items() if name != "model.pkl"})
    assert_refused(run, "model.pkl: cannot be read")


def put(run: Path, name: str, content: bytes) -> None:
    """Another file, that the manifest vouches for."""
    (run / name).write_bytes(content)
    hashes = read_json(run / "manifest.json")["sha256"]
    rewrite(run, sha256=hashes | {name: hashlib.sha256(content).hexdigest()})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"tree\nversion=v4\ngarbage\n", "model.txt: holds no lightgbm model of this run"),
        (b"\xff\xfe", "model.txt: holds no lightgbm model of this run"),
        (b"", "model.txt: holds no lightgbm model of this run"),
    ],
)
def test_garbage_that_is_vouched_for(
    boosted: Path, tmp_path: Path, content: bytes, words: str
) -> None:
    run = Path(shutil.copytree(boosted, tmp_path / "boosted"))
    put(run, "model.txt", content)
    assert_refused(run, words)


def test_models_of_another_run(run: Path, boosted: Path, tmp_path: Path) -> None:
    """Of another kind, of other features, or none at all."""
    mixed = Path(shutil.copytree(boosted, tmp_path / "mixed"))
    rewrite(mixed, model="random_forest")
    assert_refused(mixed, "model.pkl: holds no random_forest model of this run (was a LGBM")
    values, labels = np.arange(40.0).reshape(20, 2), [0, 1] * 10
    booster = lightgbm.train({"verbosity": -1}, lightgbm.Dataset(values, labels), 1)
    mixed = Path(shutil.copytree(boosted, tmp_path / "narrow"))
    put(mixed, "model.txt", booster.model_to_string().encode())
    assert_refused(mixed, "was of 2 inputs, for 26")
    put(run, "model.pkl", pickled(RandomForestClassifier(2).fit(values, labels)))
    assert_refused(run, "was of 2 inputs, for 26")
    wide = np.zeros((20, len(notebook.names)))
    put(run, "model.pkl", pickled(RandomForestClassifier(2).fit(wide, [1] * 20)))
    assert_refused(run, "was of the classes [1]")
    put(run, "model.pkl", b"not a pickle")
    assert_refused(run, "model.pkl: holds no random_forest model of this run (was ")


def test_bins_and_usual_values_of_other_features(boosted: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(boosted, tmp_path / "boosted"))
    whole = read_json(run / "bins.json")
    for change in (
        {"features": {}},
        {"features": whole["features"] | {"other": whole["features"]["hour"]}},
    ):
        put(run, "bins.json", json.dumps(whole | change).encode())
        assert_refused(run, "bins.json: not of the features of notebook")
    put(run, "bins.json", json.dumps(whole).encode())
    usual = read_json(run / "manifest.json")["usual"]
    del usual["hour"]
    rewrite(run, usual=usual)
    assert_refused(run, "does not tell what is usual (was nothing of hour)")


@pytest.mark.parametrize("content", ["", "[]", "{", "[" * 100_000])
def test_manifests_that_are_none(run: Path, content: str) -> None:
    (run / "manifest.json").write_text(content)
    assert_refused(run, "manifest.json: ")
    (run / "manifest.json").unlink()
    assert_refused(run, "holds no manifest.json")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"threshold": math.nan}, "the threshold or the usual values cannot be read"),
        ({"threshold": math.inf}, "the threshold or the usual values cannot be read"),
        ({"threshold": "high"}, "the threshold or the usual values cannot be read"),
        ({"calibration": {"method": "isotonic"}}, "the calibration cannot be read"),
        ({"calibration": {"method": "platt", "slope": math.nan}}, "the calibration cannot be read"),
        ({"calibration": 5}, "the calibration cannot be read"),
    ],
)
def test_thresholds_that_flag_by_nothing(run: Path, changes: dict[str, Any], words: str) -> None:
    """Named by the manifest, and no threshold or no curve all the same."""
    path = run / "threshold.json"
    path.write_text(json.dumps(read_json(path) | changes))
    hashes = read_json(run / "manifest.json")["sha256"]
    rewrite(run, sha256=hashes | {path.name: hashlib.sha256(path.read_bytes()).hexdigest()})
    assert_refused(run, words)


def test_a_failure_half_way_leaves_what_was_there(
    features: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    runs = tmp_path / "runs"
    trained(features, runs, "run")
    before = tree(runs)

    def full(path: Path, _data: bytes) -> None:
        if path.name == "threshold.json":
            raise OSError(28, "No space left on device")
        path.touch()

    monkeypatch.setattr(store, "_write_through", full)
    assert train(features, runs, "run", "--overwrite") == 2
    assert train(features, runs, "other") == 2
    assert tree(runs) == before
    assert "free some space" in capsys.readouterr().err


@pytest.mark.parametrize("can", [True, False])
@pytest.mark.parametrize("broken", ["load_run", "make_current"])
def test_a_run_that_cannot_be_used_is_not_left(
    features: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    broken: str,
    *,
    can: bool,
) -> None:
    """Neither as a new run nor in the place of another, whose name leads to what it led to."""
    if not can:
        monkeypatch.setattr(replace, "_exchanged", lambda _one, _other: False)
    runs = tmp_path / "runs"
    trained(features, runs, "run")
    before = tree(runs)

    def fail(path: Path, **_options: object) -> None:
        raise OutputError(f"{path.name}: broken (was so)", hint="none")

    monkeypatch.setattr(training if broken == "load_run" else store, broken, fail)
    assert train(features, runs, "run", "--overwrite", "--seed", "9") == 2
    assert train(features, runs, "other") == 2
    assert "broken" in capsys.readouterr().err
    assert tree(runs) == before
    assert load_run(runs / "current").manifest["seed"] == 42


@pytest.mark.parametrize("keep", [True, False])
def test_an_interrupt_while_a_run_is_put_in_its_place_says_what_it_finds(
    features: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    keep: bool,
) -> None:
    put_in_place = store.put_in_place

    def interrupted(made: Path, folder: Path) -> None:
        put_in_place(made, folder)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(store, "put_in_place", interrupted)
    runs = tmp_path / "runs"
    assert train(features, runs, "run", *(["--keep-current"] if keep else [])) == 130
    leads = "" if keep else f" and {runs / 'current'} leads to it"
    said = f"interrupted: {runs / 'run'} was complete, it is in its place{leads}\n"
    assert capsys.readouterr().err.endswith(said)
    assert load_run(runs / ("run" if keep else "current")).manifest["id"] == "run"
    assert (runs / "current").exists() != keep


def test_nobody_else_switches_while_a_training_does(
    features: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "_PATIENCE_SECONDS", 0.0)
    make_current = store.make_current

    def watched(folder: Path) -> Path:
        with (
            pytest.raises(OutputError, match="another process is switching"),
            lock.switching(folder.parent),
        ):
            pytest.fail("two at once")
        return make_current(folder)

    monkeypatch.setattr(store, "make_current", watched)
    run = trained(features, tmp_path / "runs", "run")
    assert load_run(run.parent / "current").manifest["id"] == "run"


def test_a_run_that_was_just_trained_is_called_by_its_place(features: Path, tmp_path: Path) -> None:
    options = Options(
        features,
        tmp_path / "runs",
        "run",
        split=SplitOptions(label_delay=172_800),
        resamples=0,
        report=False,
    )
    assert training.train(options).run.path == tmp_path / "runs" / "run"
    content = b"not a model"
    with pytest.raises(InputError) as refused:
        load_run(write(tmp_path / "made", content), called=Path("runs/run"))
    assert str(refused.value).startswith("runs/run/manifest.json: ")


def write(folder: Path, manifest: bytes) -> Path:
    folder.mkdir()
    (folder / "manifest.json").write_bytes(manifest)
    return folder
