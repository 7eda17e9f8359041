"""How a command ends, and which signals it hears when."""

import io
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.command import run_command
from engine.errors import OutputError
from engine.interrupts import Terminated, heard, leaving, put_off

ROOT = Path(__file__).parents[2]


def ending(work: Callable[[], None]) -> int:
    return run_command(lambda: work)


def refuse() -> None:
    raise OutputError("the disk is full (was 0 bytes free)", hint="free some space")


@pytest.mark.parametrize(
    ("work", "code", "said"),
    [
        (lambda: None, 0, ""),
        (refuse, 2, "the disk is full (was 0 bytes free)\nhint: free some space\n"),
        (
            lambda: signal.raise_signal(signal.SIGINT),
            130,
            "interrupted: nothing was left half-written\n",
        ),
        (
            lambda: signal.raise_signal(signal.SIGTERM),
            143,
            "terminated: nothing was left half-written\n",
        ),
    ],
)
def test_exit_codes(
    capsys: pytest.CaptureFixture[str], work: Callable[[], None], code: int, said: str
) -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    assert ending(work) == code
    assert capsys.readouterr().err == said
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


@pytest.mark.parametrize(
    ("number", "code", "how"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
def test_an_interrupt_says_what_it_leaves_done(
    capsys: pytest.CaptureFixture[str], number: signal.Signals, code: int, how: str
) -> None:
    def work() -> None:
        with leaving() as outer, leaving() as inner:
            outer.append("that much")
            with put_off():
                signal.raise_signal(number)
                inner += ["one is done", "two is too"]

    assert ending(work) == code
    assert capsys.readouterr().err == f"{how}: one is done; two is too\n"


def test_an_interrupt_before_anything_is_done_leaves_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def work() -> None:
        with leaving() as done:
            signal.raise_signal(signal.SIGINT)
            done.append("never")

    assert ending(work) == 130
    assert capsys.readouterr().err == "interrupted: nothing was left half-written\n"


def test_what_is_wrong_before_the_work_is_refused_alike(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def prepare() -> Callable[[], None]:
        refuse()
        raise AssertionError

    assert run_command(prepare) == 2
    assert "hint: " in capsys.readouterr().err


def test_a_defect_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        ending(lambda: print(1 // 0))  # noqa: T201 - never gets so far


def test_only_the_first_signal_is_heard() -> None:
    cleaned = []

    def work() -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGTERM)
            cleaned.append(True)

    assert ending(work) == 143
    assert cleaned == [True]


def test_a_signal_waits_for_what_belongs_together() -> None:
    done = []
    with pytest.raises(Terminated), heard():  # noqa: PT012 - where it is raised is the point
        with put_off():
            with put_off():
                signal.raise_signal(signal.SIGTERM)
                done.append("inner")
            done.append("outer")
        done.append("after")
    assert done == ["inner", "outer"]


def test_a_command_within_another_puts_off_what_that_one_hears() -> None:
    done = []
    with pytest.raises(Terminated), heard():  # noqa: PT012 - where it is raised is the point
        with heard(), put_off():
            signal.raise_signal(signal.SIGTERM)
            done.append("within")
        done.append("after")
    assert done == ["within"]


def test_ignored_signals_stay_ignored() -> None:
    was = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert ending(lambda: signal.raise_signal(signal.SIGINT)) == 0
    finally:
        signal.signal(signal.SIGINT, was)


def test_it_runs_in_any_thread() -> None:
    codes: list[int] = []

    def work() -> None:
        with put_off():
            pass

    thread = threading.Thread(target=lambda: codes.append(ending(work)))
    thread.start()
    thread.join()
    assert codes == [0]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_modules_are_imported_waits_for_them(
    capsys: pytest.CaptureFixture[str], number: signal.Signals, code: int
) -> None:
    steps = []

    def prepare() -> Callable[[], None]:
        signal.raise_signal(number)
        steps.append("imported")
        return lambda: steps.append("worked")

    assert run_command(prepare) == code
    assert steps == ["imported"]
    assert "nothing was left half-written" in capsys.readouterr().err


def test_what_polars_hooks_is_ignored_again_where_it_was_ignored() -> None:
    script = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
from engine.command import run_command

def prepare():
    import polars as pl

    def work():
        os.kill(os.getpid(), signal.SIGINT)
        assert pl.LazyFrame({"x": [1, 2]}).select(pl.col("x").sum()).collect().item() == 3
        ignored = [line for line in open("/proc/self/status") if line.startswith("SigIgn")]
        assert int(ignored[0].split()[1], 16) & 2, ignored

    return work

sys.exit(run_command(prepare))
"""
    done = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (done.returncode, done.stderr) == (0, "")


class _Failing(io.StringIO):
    """An output that cannot be written, which is found out when its buffer is full or flushed."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self._error = error

    def flush(self) -> None:
        raise self._error


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (BrokenPipeError(32, "Broken pipe"), 141, ""),
        (OSError(28, "No space left on device"), 2,
         "standard output: cannot be written (was: No space left on device)\nhint: "),
    ],
)  # fmt: skip
def test_a_standard_output_that_takes_nothing(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: OSError,
    code: int,
    said: str,
) -> None:
    output = _Failing(error)
    monkeypatch.setattr(sys, "stdout", output)
    assert ending(lambda: print("done")) == code  # noqa: T201 - what is tested
    assert sys.stdout is output
    monkeypatch.undo()
    err = capsys.readouterr().err
    assert err.startswith(said)
    assert bool(err) == bool(said)


def test_outputs_that_are_closed_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert ending(lambda: print("done")) == 0  # noqa: T201 - what is tested
    assert ending(refuse) == 2


def test_other_errors_of_files_stay_defects() -> None:
    with pytest.raises(FileNotFoundError):
        ending(lambda: open("/nowhere/at/all"))  # type: ignore[arg-type,return-value]  # noqa: PTH123,SIM115 - never opens
