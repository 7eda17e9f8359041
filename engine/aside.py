"""Work that blocks outside Python, done aside so that signals are heard meanwhile."""

import threading
from collections.abc import Callable
from typing import Final, TypeVar

from engine.interrupts import put_off, wait_until

_POLL_SECONDS: Final = 0.05

_T = TypeVar("_T")


def interruptible(work: Callable[[], _T], give_up: Callable[[], object]) -> _T:
    """What ``work`` returns, or what it raises.

    It runs on a thread of its own. Libraries look for signals now and then at best, and may lose
    what Python made of them; this thread waits in Python and hears them at once.

    Parameters
    ----------
    work
        What is done; nothing else may be done with its objects meanwhile.
    give_up
        Asks for the work to end early, again and again until it has heard.
    """
    outcome: list[_T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again, in the thread that waits
            failure.append(error)
        finally:
            done.set()

    # Not the thread is waited for: one whose waiting was interrupted counts as ended.
    done = threading.Event()
    begun = False
    try:
        with put_off():
            threading.Thread(target=run, daemon=True).start()
            begun = True
        wait_until(done.wait)
    except BaseException:
        # Asked until it has heard: it may not have begun when it was asked first.
        while begun and not done.is_set():
            give_up()
            done.wait(_POLL_SECONDS)
        raise
    if failure:
        raise failure[0]
    return outcome[0]
