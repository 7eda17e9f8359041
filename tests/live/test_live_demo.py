"""The demo of the live scorer: with nothing to configure, and one interrupt ends all of it."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from engine.live.ledger.described import described
from engine.live.ledger.files import WriterLock
from engine.live.ledger.reader import reading
from processes import PATIENCE_SECONDS, ROOT
from replay.together import port_near
from unit.build.cases import write
from unit.model.cases import simulated

EVENTS = 150


@pytest.fixture
def demo(boosted: Path, tmp_path: Path) -> Path:
    """What ``replay.demo`` leaves behind, as far as it is needed."""
    write(simulated(400, days=4, seed=9), tmp_path / "transactions.csv")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "current").symlink_to(boosted)
    return tmp_path


def command(demo: Path, *more: str) -> list[str]:
    words = ("--demo", str(demo), "--events", str(EVENTS))
    return [sys.executable, "-m", "replay.live_demo", *words, *more]


def ended(demo: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    """One that ends with its stream, and well."""
    found = subprocess.run(  # noqa: S603 - our own interpreter and module
        command(demo, "--rate", "500", "--until-done", *more),
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    return found


def test_it_ends_with_the_stream_if_it_is_to(demo: Path) -> None:
    for _ in range(2):  # each start begins anew
        found = ended(demo)
        assert f"{EVENTS} events: {EVENTS} sent, 0 dropped" in found.stdout
        assert "response rate   1.0000" in found.stdout
        assert '"of": "' + str(demo / "live" / "history.csv") in found.stderr


def test_the_judge_is_there_until_every_flag_is_answered(demo: Path) -> None:
    found = ended(demo, "--faults", "flag-lost=0.3,flag-503=0.3")
    assert f"flags: {EVENTS} recorded" in found.stdout
    with reading(demo / "live" / "live.db") as ledger:
        flags = described(ledger)["flags"]
    assert (flags["recorded"], flags["expired"], flags["pending"]) == (EVENTS, 0, 0)


def test_one_interrupt_ends_all_of_it(demo: Path) -> None:
    with subprocess.Popen(  # noqa: S603 - the same
        command(demo, "--rate", "50"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    ) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if '"stream open"' in line:
                    break
            process.send_signal(signal.SIGINT)
            said, _ = process.communicate(timeout=PATIENCE_SECONDS)
        finally:
            process.kill()
    assert process.returncode == 0
    assert re.search(r"of [0-9]+ judged: ([0-9]+) on time, 0 late, 0 unanswered", said), said
    ports = [int(port) for port in re.findall(r"http://127\.0\.0\.1:([0-9]+)", said)]
    assert len(set(ports)) == 2
    for port in ports:
        with socket.socket() as trial:
            assert trial.connect_ex(("127.0.0.1", port)) != 0


def test_one_that_still_runs_keeps_its_ledger(demo: Path) -> None:
    ledger = demo / "live" / "live.db"
    ledger.parent.mkdir()
    of_the_other = b"SQLite format 3\0 of the other"
    ledger.write_bytes(of_the_other)
    lock = WriterLock(ledger)
    try:
        found = subprocess.run(  # noqa: S603 - the same
            command(demo), capture_output=True, text=True, cwd=ROOT, check=False
        )
    finally:
        lock.release()
    assert found.returncode == 2
    assert "another process decides into it" in found.stderr
    assert ledger.read_bytes() == of_the_other


def test_a_port_that_is_taken_is_not_the_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert port_near(port) != port
    assert port_near(port) == port
