"""How a command ends, and which signals it hears when."""

import signal
import threading
from collections.abc import Callable

import pytest

from engine.command import run_command
from engine.errors import OutputError
from engine.interrupts import Terminated, heard, put_off


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
