"""The judge as a command: what it refuses, how it ends, what it prints."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import pytest

from processes import PATIENCE_SECONDS, ROOT
from replay.judge.cli import KEY_VARIABLE, main
from replay.judge.faults import FAULTS
from unit.replay.judge.cases import KEY, flag, log_of
from unit.replay.judge.clients import Running, run


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY.decode())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--rate", "0"], "--rate"),
        (["--rate", "fast"], "--rate"),
        (["--deadline", "0"], "--deadline"),
        (["--faults", "rain"], "--faults"),
        (["--rate", "max", "--faults", "stall=1s@60s"], "--faults stall"),
        (["--host", "0.0.0.0"], "--host"),  # noqa: S104 - it is refused
        (["--host", "example.org"], "--host"),
        (["--ca-out", "ca.pem"], "--ca-out"),
        (["--port", "70000"], "--port"),
        (["--seed", "-1"], "--seed"),
        (["--events", "0"], "--events"),
        (["--scratch", "no/such/folder"], "no/such/folder"),
    ],
)
def test_bad_options_are_refused_with_a_hint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: list[str], said: str
) -> None:
    assert main([str(log_of(tmp_path, 2)), "--quiet", *wrong]) == 2
    what, hint = capsys.readouterr().err.splitlines()
    assert what.startswith(said)
    assert "(was" in what
    assert hint.startswith("hint: ")


@pytest.mark.parametrize(
    ("value", "options"),
    [
        ("", []),
        ("a b", []),
        ("ü", []),
        ("short", ["--host", "0.0.0.0", "--allow-remote"]),  # noqa: S104 - it is refused
    ],
)
def test_the_key_is_asked_for_and_never_shown(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    value: str,
    options: list[str],
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, value)
    assert main([str(log_of(tmp_path, 2)), "--quiet", *options]) == 2
    said = capsys.readouterr().err
    assert KEY_VARIABLE in said
    assert not value or value not in said


def test_a_port_that_is_taken_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def hold() -> None:
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        args = [str(log_of(tmp_path, 2)), "--port", str(port), "--quiet"]
        assert await asyncio.to_thread(main, args) == 2
        server.close()

    run(hold())
    assert "cannot listen on 127.0.0.1" in capsys.readouterr().err


def test_the_help_has_every_fault(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert all(f"\n    {kind.name}=" in shown for kind in FAULTS)


class Started:
    """The command in a process of its own, its port read from what it says."""

    def __init__(self, log: Path, *options: str) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "replay.judge", str(log), "--port", "0", *options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {KEY_VARIABLE: KEY.decode()},
        )
        assert self.process.stderr is not None
        line = self.process.stderr.readline().decode()
        found = re.search(r"127\.0\.0\.1:(\d+)/", line)
        assert found, line
        self.running = Running(None, int(found[1]))  # type: ignore[arg-type] # it is not in here

    def end(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, out.decode(), err.decode()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


def test_it_ends_when_all_is_done_and_prints_the_score(tmp_path: Path) -> None:
    options = ("--rate", "max", "--until-done", "--json", "--events", "10")
    with Started(log_of(tmp_path, 20), *options) as judge:

        async def client() -> None:
            talk = await judge.running.stream()
            for event in await talk.events(10):
                await judge.running.post(flag(event["trans_num"], 0))

        run(client())
        code, out, _ = judge.end()
    found: dict[str, Any] = json.loads(out)
    assert code == 0
    assert (found["events"]["in_file"], found["events"]["on_time"]) == (10, 10)
    assert found["detection"]["false_negatives"] == 2
    assert found["done"] is True


@pytest.mark.parametrize("rate", ["max", "10000"])
def test_a_client_that_hangs_does_not_keep_it_from_its_end(tmp_path: Path, rate: str) -> None:
    # More than the buffers between the two hold, so that who does not read stays behind.
    options = ("--rate", rate, "--faults", "long=20kB@0.5", "--deadline", "1")
    count = 2_000
    with Started(log_of(tmp_path, count), *options, "--until-done", "--json") as judge:

        async def client() -> None:
            hung = await judge.running.stream()
            hung.reader._transport.pause_reading()  # type: ignore[attr-defined] # it has one
            talk = await judge.running.stream(**{"Last-Event-ID": "1"})
            await judge.running.post(flag((await talk.events(count - 1))[-1]["trans_num"], 0))
            code, out, _ = await asyncio.to_thread(judge.end)
            found: dict[str, Any] = json.loads(out)
            assert code == 0
            assert (found["events"]["sent"], found["events"]["on_time"]) == (count, 1)
            assert (found["connections"]["streams_open"], found["done"]) == (0, True)

        run(client())


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
def test_a_signal_ends_it_with_the_score(
    tmp_path: Path, number: signal.Signals, code: int, said: str
) -> None:
    with Started(log_of(tmp_path, 20), "--rate", "10", "--scratch", str(tmp_path)) as judge:

        async def client() -> None:
            talk = await judge.running.stream()
            await talk.events(1)
            await judge.running.post(flag("event-0", 1))
            judge.process.send_signal(number)
            while await talk.block() is not None:
                pass

        run(client())
        ended, out, err = judge.end()
    assert ended == code
    assert err.splitlines()[-1] == f"{said}: nothing was left half-written"
    assert "1 frauds flagged, 0 missed, 0 false alarms" in out
    assert [path.name for path in tmp_path.iterdir()] == ["log.csv"]


def test_before_the_first_client_a_script_has_a_score_and_people_none(tmp_path: Path) -> None:
    log = log_of(tmp_path, 20)
    for options in ((), ("--json",)):
        with Started(log, *options) as judge:
            judge.process.send_signal(signal.SIGTERM)
            code, out, _ = judge.end()
        assert code == 143
        assert json.loads(out or "{}").get("events", {}).get("sent") == (0 if options else None)
