"""The original design does the same work: its features are as defined, its scores a run's."""

import asyncio
import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from httpx import ASGITransport, AsyncClient

from benchmarks.compare import DifferenceError
from benchmarks.original import drive as module
from benchmarks.original.app import app_of
from benchmarks.original.features import features
from benchmarks.original.past import make_table
from benchmarks.original.table import Row, Table
from engine.backends import load_backend
from engine.catalog import notebook
from engine.decide.folder import part_file
from engine.definition.needs import columns_of
from engine.events.normalise import normalise
from engine.model.loading import load_run
from replay.judge.wire import as_json, event_ids
from replay.simulate import Settings, simulate

ROWS = 400
JSON = {"content-type": "application/json"}


class Event(Row):
    """A row that has the rest of what features read."""

    lat, long, city_pop, dob, gender = 0.0, 0.0, 0, "", ""


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "in.parquet"
    # Many events of few cards within days, with ties: windows hold something.
    pl.concat(simulate(Settings(rows=ROWS, cards=3, days=4, seed=5))).write_parquet(path)
    return path


def expected(log: Path) -> pl.DataFrame:
    normal = normalise(pl.read_parquet(log), notebook.schema, columns_of(notebook))
    return pl.DataFrame(list(load_backend("reference").compute(notebook, normal.events)))


def row_of(**changes: object) -> Event:
    usual = {
        "cc_num": 1,
        "unix_time": 100_000,
        "amt": 2.0,
        "merchant": "a",
        "category": "c",
        "merch_lat": 0.0,
        "merch_long": 0.0,
    }
    return Event(**usual | changes)  # type: ignore[arg-type]


def test_its_features_are_those_of_the_definitions(log: Path, tmp_path: Path, forest: Path) -> None:
    raw = pl.read_parquet(log)
    make_table(_first(log, 200, tmp_path), tmp_path / "table.db")
    table = Table(tmp_path / "table.db")
    run = load_run(forest)
    texts = as_json(raw[200:], event_ids(raw[200:]), strings=False).to_list()
    transport = ASGITransport(app_of(run, table))

    async def answered() -> list[Any]:
        async with AsyncClient(transport=transport, base_url="http://it", headers=JSON) as client:
            return [(await client.post("/predict", content=text)).json() for text in texts]

    answers = asyncio.run(answered())
    wanted = expected(log)[200:].cast(pl.Float64).rows()
    for answer, values in zip(answers, wanted, strict=True):
        assert answer["features"] == pytest.approx(values, rel=1e-9, abs=1e-9)
        score = run.model.classifier().predict_proba([answer["features"]])[0, 1]
        assert answer["score"] == score
        assert answer["is_fraud"] == (score >= run.threshold)
    table.close()


def _first(log: Path, rows: int, folder: Path) -> Path:
    past = folder / "past.parquet"
    pl.read_parquet(log)[:rows].write_parquet(past)
    return past


def test_a_window_ends_a_day_before_and_has_its_end() -> None:
    now = row_of(unix_time=200_000)
    at_the_end, before = (row_of(unix_time=200_000 - 86_400 - one) for one in (0, 1))
    names = notebook.names
    within = dict(zip(names, features(now, [at_the_end]), strict=True))
    beyond = dict(zip(names, features(now, [before]), strict=True))
    assert (within["seen_merchant_before"], within["user_mean_amt_24h"]) == (1.0, 2.0)
    assert (beyond["seen_merchant_before"], beyond["user_mean_amt_24h"]) == (0.0, 0.0)
    assert beyond["time_since_last_s"] == 86_401
    assert math.isclose(dict(zip(names, features(now, []), strict=True))["time_since_last_s"], 1e9)


def test_the_last_day_is_asked_for_and_the_one_before_it_if_there_is_none(tmp_path: Path) -> None:
    table = Table(tmp_path / "table.db")
    table.make([row_of(unix_time=time) for time in (5, 100_000, 100_000)])
    table.insert(row_of(cc_num=2))
    assert [row.unix_time for row in table.last_day(1, 100_001)] == [100_000, 100_000]
    assert [row.unix_time for row in table.last_day(1, 900_000)] == [100_000]
    assert table.last_day(3, 100_001) == []
    table.close()


def test_other_features_are_not_timed(tmp_path: Path) -> None:
    folder = tmp_path / "replayed"
    folder.mkdir()
    values = pl.DataFrame({"one": [1.0, 2.0], "two": [3, 4]}).to_struct("features")
    pl.DataFrame({"event_id": ["a", "b"], "features": values}).write_parquet(part_file(folder, 0))
    told = [
        {"trans_num": "a", "features": [1.0, 3.0]},
        {"trans_num": "b", "features": [2.0, 4.0 + 1e-9]},
    ]
    assert module._check(told, folder) == 2
    told[1]["features"] = [2.0, 4.1]
    with pytest.raises(DifferenceError, match=r"original's two of event 1 differs \(was 4.1, ours"):
        module._check(told, folder)
    told[0]["trans_num"] = "c"
    with pytest.raises(DifferenceError, match="other events"):
        module._check(told, folder)
