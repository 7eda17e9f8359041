"""The whole scorer, a process, is asked what its documentation allows and what it does not.

Bounded and the same in every run: what is asked is not drawn anew, and no examples are kept.
"""

import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection

from live.processes_of import command
from processes import PATIENCE_SECONDS, ROOT
from unit.replay.judge.cases import KEY

EXAMPLES = 15
NOBODY = 9  # a port at which nothing listens
TOKEN = "precious-0123456789"  # noqa: S105 - of a test
WITH = {"Authorization": f"Bearer {TOKEN}"}
STREAMS = ["/api/stream", "/dashboard/stream"]
CONFIG = SchemathesisConfig.from_dict({"request-timeout": 10})


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzzed") / "live.db"


@pytest.fixture(scope="module")
def port(boosted: Path, ledger: Path) -> Iterator[int]:
    """The API's port of a scorer whose stream is not there; all is well when it ends."""
    rate = ("--api-rate", "1000000", "--api-burst", "1000000")
    words = command(NOBODY, boosted, ledger, "--listen", "127.0.0.1:0", *rate)
    secrets = {"SENTINELPOS_API_KEY": KEY.decode(), "SENTINELPOS_TOKEN": TOKEN}
    with subprocess.Popen(  # noqa: S603 - our own interpreter and modules
        words,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | secrets,
        start_new_session=True,
    ) as process:
        try:
            assert process.stderr is not None
            yield next(
                said["port"]
                for said in map(json.loads, process.stderr)
                if said["event"] == "the API listens"
            )
            process.send_signal(signal.SIGTERM)
            _, rest = process.communicate(timeout=PATIENCE_SECONDS)
            assert process.returncode == 0
            assert "Traceback" not in rest.decode()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_a_scorer_answers_as_documented_whatever_it_is_asked(
    port: int, mode: GenerationMode
) -> None:
    url = f"http://127.0.0.1:{port}/openapi.json"
    schema = schemathesis.openapi.from_url(url, config=CONFIG, headers=WITH)
    # Streams go on for as long as somebody watches.
    operations = [one.ok() for one in schema.exclude(path=STREAMS).get_all_operations()]
    assert {one.path for one in operations} >= {"/predict", "/health", "/metrics", "/"}
    excluded = [negative_data_rejection] if mode is GenerationMode.NEGATIVE else []
    for operation in operations:
        drawn = operation.as_strategy(generation_mode=mode)

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.generate],  # it takes a second to make another example of what fails
            suppress_health_check=list(HealthCheck),
        )
        @given(drawn)
        def ask(case: schemathesis.Case) -> None:
            # What nobody knows is passed over in a query, numbers are read as text and text as
            # numbers: what is not documented need not be refused, but what is said of it holds.
            case.call_and_validate(headers=WITH, excluded_checks=excluded)

        try:
            ask()
        except Unsatisfiable:
            assert mode is GenerationMode.NEGATIVE  # where nothing is asked, nothing can be wrong


def test_what_was_asked_to_be_stored_is(port: int, ledger: Path) -> None:
    assert port
    with closing(sqlite3.connect(f"{ledger.as_uri()}?mode=ro", uri=True)) as connection:
        (stored,) = connection.execute("SELECT count(*) FROM decisions").fetchone()
        (others,) = connection.execute(
            "SELECT count(*) FROM decisions WHERE source != 'api' OR post != 0"
        ).fetchone()
    assert stored > 0
    assert others == 0
