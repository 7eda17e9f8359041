"""How sessions of Spark that were opened here end, whatever ends them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from backends import why_no_spark
from processes import ROOT

NO_SPARK = why_no_spark()
pytestmark = pytest.mark.skipif(NO_SPARK is not None, reason=str(NO_SPARK))

PATIENCE = 120.0
# Asks for more than it will ever get.
OPENS = """
import sys
from pathlib import Path
from engine.backends.spark.session import session, waited_for
from engine.command import run_command

def work():
    with session("local[1]", scratch=Path(sys.argv[1])) as spark:
        print("opened", flush=True)
        rows = spark.range(1 << 40).selectExpr("sum(hash(id))")
        print(waited_for(rows.collect))

sys.exit(run_command(lambda: work))
"""


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, "-c", OPENS, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with process:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def of_java(scratch: Path) -> list[int]:
    """The processes of Java that have a folder there."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if b"java" in words.partition(b"\0")[0] and str(scratch).encode() in words:
                found.append(int(entry.name))
    return found


def until_java(process: subprocess.Popen[str], scratch: Path) -> int:
    """Spark's own process, as soon as there is one."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        if found := of_java(scratch):
            return found[-1]
        assert process.poll() is None
        time.sleep(0.02)
    raise AssertionError("no process of Java")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_starts_leaves_nothing(
    opened: subprocess.Popen[str], tmp_path: Path, number: signal.Signals
) -> None:
    until_java(opened, tmp_path)
    opened.send_signal(number)
    said, why = opened.communicate(timeout=PATIENCE)
    assert opened.returncode == 128 + number, why
    assert said == ""
    assert of_java(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_that_sparks_process_has_ended_is_said_in_a_line(
    opened: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert opened.stdout is not None
    assert opened.stdout.readline() == "opened\n"
    java = until_java(opened, tmp_path)
    os.kill(java, signal.SIGKILL)
    _, why = opened.communicate(timeout=PATIENCE)
    assert opened.returncode == 2, why
    assert why.startswith("Spark's process has ended (was: ")
    assert "Traceback" not in why
    assert "hint: " in why
    assert list(tmp_path.iterdir()) == []
