"""A run as the original notebook reads one: three lines, none of which knows this project."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engine.model.features_file import read_features
from engine.model.loading import load_run
from unit.train import cases
from unit.train.cases import read_json, trained

NOTEBOOK = """
import json
import sys

import joblib
import numpy as np
import polars as pl


class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"engine", "replay", "benchmarks"}:
            raise ImportError(f"the notebook has no {name}")


sys.meta_path.insert(0, Nothing())
run, features, out = sys.argv[1:]
model = joblib.load(f"{run}/model.pkl")
names = json.load(open(f"{run}/features.json"))
threshold = json.load(open(f"{run}/threshold.json"))["threshold"]
frame = pl.read_parquet(features).select(names)
scores = model.predict_proba(frame.to_numpy())[:, 1]
np.save(out, np.stack([scores, scores >= threshold]))
assert model.predict(frame.to_numpy()[:5]).tolist() == (scores[:5] > 0.5).astype(int).tolist()
assert model.classes_.tolist() == [0, 1]
assert len(names) == model.n_features_in_
"""


@pytest.mark.parametrize("anomaly", [(), ("--anomaly",)], ids=["alone", "anomaly"])
@pytest.mark.parametrize("model", ["lightgbm", "random_forest"])
def test_three_lines_give_our_scores_to_the_bit(
    features: Path, tmp_path: Path, model: str, anomaly: tuple[str, ...]
) -> None:
    run = trained(features, tmp_path, "run", "--model", model, *anomaly, "--resamples", "0")
    file, out = features / "features.parquet", tmp_path / "scores.npy"
    done = subprocess.run(  # noqa: S603 - our own interpreter and the lines above
        [
            sys.executable,
            "-W",
            "error",
            "-W",
            "ignore::ResourceWarning",
            "-c",
            NOTEBOOK,
            run,
            file,
            out,
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    scores, flags = np.load(out)
    loaded = load_run(run)
    ours = loaded.scores(read_features(features, labels_required=True).values)
    assert np.array_equal(scores, ours)
    assert np.array_equal(flags == 1, loaded.flags(ours))
    assert 0 < flags.sum() < len(pl.read_parquet(file))


def test_two_processes_write_the_same_pickle(
    features: Path, tmp_path: Path, most_trees: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not only two trainings in one: what a pickle shares of its objects may differ there."""
    pickles = []
    for seed in ("1", "2"):  # of hashes
        out = tmp_path / seed
        command = ["-m", "engine.train", features, "--out", out, "--id", "run", "--anomaly"]
        fast = ["--label-delay", "2d", "--resamples", "0", "--no-report", "--quiet"]
        subprocess.run(  # noqa: S603 - our own interpreter and module
            [sys.executable, *command, *fast],
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        pickles.append([(out / "run" / name).read_bytes() for name in ("model.pkl", "anomaly.pkl")])
    assert pickles[0] == pickles[1]
    monkeypatch.setattr(cases, "FEW_TREES", most_trees)
    here = trained(features, tmp_path, "here", "--anomaly", "--resamples", "0")
    assert (here / "model.pkl").read_bytes() == pickles[0][0]
    # It stopped when validation had been no better for a while.
    assert most_trees > read_json(here / "manifest.json")["training"]["trees"] > 1
