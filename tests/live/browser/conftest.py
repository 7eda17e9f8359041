"""A live scorer whose dashboard is looked at, and a browser to look at it with."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from engine.live.ledger.files import is_lock
from live.browser.logs import decide_earlier, parts
from live.browser.pages import Looking
from live.browser.system import System, ending
from replay.browser import NAMES, browsing, installed

if TYPE_CHECKING:
    from playwright.sync_api import Browser, StorageState

COUNT = 3


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a browser."""
    pytest.importorskip("playwright", reason="playwright, which drives a browser, is missing")
    path = installed()
    if path is None:
        pytest.skip(f"no browser is installed: none of {', '.join(NAMES)}")
    return path


@pytest.fixture(scope="session")
def cache(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What dashboards make once is kept there, and nowhere of the user's."""
    assert chromium
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def logs(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The transactions of before, and those that come in parts."""
    assert chromium
    return parts(tmp_path_factory.mktemp("logs"), COUNT)


@pytest.fixture(scope="session")
def decided(logs: list[Path], boosted: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the ledger of those of before, and its snapshots; not to be changed."""
    folder = tmp_path_factory.mktemp("decided")
    decide_earlier(logs[0], boosted, folder / "live.db")
    return folder


@pytest.fixture(scope="module")
def system(
    decided: Path, boosted: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """A live scorer that has decided before; no judge is there yet."""
    folder = tmp_path_factory.mktemp("system")
    for file in decided.iterdir():
        if not is_lock(file):
            shutil.copy(file, folder)
    with ending(System(folder, folder / "live.db", cache=cache)) as made:
        made.expected = made.rows("SELECT count(*) FROM decisions")[0][0]
        made.start_scorer(boosted)
        yield made


@pytest.fixture(scope="module")
def browser(chromium: str, system: System) -> Iterator["Browser"]:
    """A browser; no event loop can be run while it is there, so that all of that comes before."""
    assert system.url
    with browsing(chromium) as started:
        yield started


@pytest.fixture(scope="module")
def session(browser: "Browser", system: System) -> "StorageState":
    """Of somebody who has told the token."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{system.url}/login")
    page.get_by_label("Token").fill(system.token)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{system.url}/")
    found = context.storage_state()
    context.close()
    return found


@pytest.fixture
def looking(browser: "Browser", system: System, session: "StorageState") -> Iterator[Looking]:
    """Somebody who looks at it, and at the end has nothing to complain of."""
    found = Looking(system, browser, session)
    yield found
    found.assert_well()
