"""``python -m benchmarks.original.app``: the endpoint of the original design, and its process."""

import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from benchmarks.original.features import features
from benchmarks.original.table import COLUMNS, Row, Table
from engine.command import Parser, run_command
from engine.model.loading import load_run
from engine.model.run import Run

HOST: Final = "127.0.0.1"


class Transaction(BaseModel):
    """A transaction as it is posted; what else it tells is not looked at."""

    trans_num: str
    cc_num: int
    unix_time: int
    amt: float
    merchant: str
    category: str
    merch_lat: float
    merch_long: float
    lat: float
    long: float
    city_pop: int
    dob: str
    gender: str


class Prediction(BaseModel):
    """What is answered."""

    trans_num: str
    score: float
    is_fraud: int
    features: list[float]


def app_of(run: Run, table: Table) -> FastAPI:
    """The endpoint over a run of a random forest and a table."""
    app = FastAPI(openapi_url=None)
    forest: Any = run.model.classifier()
    threshold = run.threshold

    @app.post("/predict")
    async def predict(event: Transaction) -> Prediction:
        values = features(event, table.last_day(event.cc_num, event.unix_time))
        score = float(forest.predict_proba([values])[0, 1])
        table.insert(Row(*(getattr(event, name) for name in COLUMNS)))
        return Prediction(
            trans_num=event.trans_num,
            score=score,
            is_fraud=int(score >= threshold),
            features=values,
        )

    return app


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], None]:
    parser = Parser("python -m benchmarks.original.app", "Score what is posted.", "")
    add = parser.add_argument
    add("--run", required=True, type=Path, metavar="DIR", help="a run of a random forest")
    add("--table", required=True, type=Path, metavar="FILE", help="the table, made before")
    options = parser.parse_args(argv)
    return lambda: _serve(options.run, options.table)


def _serve(run: Path, file: Path) -> None:
    table = Table(file)
    try:
        app = app_of(load_run(run), table)
        config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
        with socket.create_server((HOST, 0)) as listening:
            sys.stderr.write(f"listens on {listening.getsockname()[1]}\n")
            sys.stderr.flush()
            uvicorn.Server(config).run([listening])
    finally:
        table.close()


if __name__ == "__main__":
    sys.exit(main())
