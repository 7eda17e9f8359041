"""The browser of the system, driven to look at the pages of a live scorer.

Playwright drives it, which is among the packages of development alone: nothing that is installed
with this project needs it.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from engine.errors import InputError

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# It asks nobody for anything but the page, whatever it would like to know at its start.
_QUIET: Final = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
)


def installed() -> str | None:
    """The path of a browser that is there; None if none is."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def browsing(path: str | None = None) -> Iterator["Browser"]:
    """A browser without a window, ended with the block.

    No event loop of asyncio can run in its thread meanwhile: Playwright has one there.

    Parameters
    ----------
    path
        Of the browser; None for the one of ``NAMES`` that is there.

    Raises
    ------
    InputError
        If there is no browser, or nothing to drive it with, or it does not start.
    """
    path = installed() if path is None else path
    if path is None:
        raise InputError(
            f"no browser is installed (was looked for as {', '.join(NAMES)})",
            hint="install one, with Debian: apt-get install chromium",
        )
    try:
        from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 - may be missing
    except ImportError as error:
        raise InputError(
            f"playwright, which drives the browser, is not installed (was: {error})",
            hint="it is a package of development only: make setup installs those",
        ) from error
    # Within a browser that is root's, the kernel gives pages no sandbox of their own.
    alone = () if os.geteuid() else ("--no-sandbox",)
    with sync_playwright() as driver:
        try:
            browser = driver.chromium.launch(executable_path=path, args=[*_QUIET, *alone])
        except Error as error:
            raise InputError(
                f"{path}: the browser does not start (was: {error.message.splitlines()[0]})",
                hint="see whether it starts by hand, with --headless",
            ) from error
        try:
            yield browser
        finally:
            browser.close()
