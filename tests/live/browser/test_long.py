"""The dashboard beside a stream of hundreds of events a second, for minutes: small, and current.

``LIVE_PAGE_SECONDS`` says for how long, as ``make live-page`` does.
"""

import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from engine.clock import wall_us
from live.browser.pages import LINKS, Looking
from live.browser.system import System, ending
from replay.simulate import Settings, simulate
from unit.build.cases import write
from unit.train.cases import trained

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, Page

SECONDS = int(os.environ.get("LIVE_PAGE_SECONDS", "0"))
RATE = 200
MOST_MB = 150.0
MOST_SECONDS_BEHIND = 2.0
LOOK_MS = 100
MB = 1_000_000
US = 1_000_000

pytestmark = pytest.mark.skipif(
    SECONDS == 0, reason="takes minutes: LIVE_PAGE_SECONDS says how many seconds; make live-page"
)
# The alert at the top of the feed, and when it was looked at.
LOOK = """\
() => {
  globalThis.looks = [];
  setInterval(() => {
    const a = document.querySelector("#feed-inner .row:not([hidden])[aria-posinset='1'] a");
    if (a) looks.push([Date.now() * 1000, Number(a.hash.slice("#alert-".length))]);
  }, 50);
}"""


@dataclass
class Measured:
    """What was seen, as it went on.

    Parameters
    ----------
    sent
        When the judge was asked, and how many events it had sent by then.
    heap, footprint
        Megabytes of script's objects, and of all that the page's process holds alone.
    """

    sent: list[tuple[int, int]] = field(default_factory=list)
    heap: list[float] = field(default_factory=list)
    footprint: list[float] = field(default_factory=list)


@pytest.fixture(scope="module")
def system(
    chromium: str, features: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """A live scorer that has decided nothing yet, by a run that has a report."""
    assert chromium
    folder = tmp_path_factory.mktemp("long")
    run = trained(features, folder, "reported", "--report")
    with ending(System(folder, folder / "live.db", cache=cache)) as made:
        made.start_scorer(run)
        yield made


@pytest.fixture(scope="module")
def log(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As many transactions as are sent in that time."""
    assert chromium
    settings = Settings(rows=RATE * SECONDS, cards=2_000, days=30, seed=5, fraud_rate=0.03)
    return write(pl.concat(simulate(settings)), tmp_path_factory.mktemp("long-log") / "log.csv")


def test_the_page_stays_small_and_current(looking: Looking, log: Path) -> None:
    system, measured = looking.system, Measured()
    with looking.context() as context:
        page = context.new_page()
        page.goto(system.url)
        page.evaluate(LOOK)
        system.start_judge(log, RATE)
        page.locator(LINKS).first.wait_for()
        pages = context.new_cdp_session(page)
        pages.send("Performance.enable")
        processes = looking.browser.new_browser_cdp_session()
        while not measured.sent or measured.sent[-1][1] < system.expected:
            at = wall_us()
            measured.sent.append((at, system.score()["events"]["sent"]))
            measured.heap.append(heap(pages))
            measured.footprint.append(footprint(processes))
            page.wait_for_timeout(LOOK_MS)
        system.still()
        assert system.rows("SELECT min(sequence), count(*) FROM decisions") == [
            (0, system.expected)  # in the order of the log, each once
        ]
        (last,) = system.rows("SELECT max(sequence) FROM decisions WHERE flagged = 1")[0]
        page.wait_for_function("(last) => looks.at(-1)[1] === last", arg=last)
        looks: list[tuple[int, int]] = page.evaluate("looks")
        behind = seconds_behind(system, measured, looks)
        tell(page, measured, behind)
        page.goto(f"{system.url}/model")
        page.get_by_role("link", name="Its report").click()
        page.wait_for_url("**/report/current")
        page.locator("h1").wait_for()
    assert max(measured.footprint) < MOST_MB
    assert max(behind) < MOST_SECONDS_BEHIND


def heap(pages: "CDPSession") -> float:
    """What scripts hold, and what they have let go of and nobody has picked up yet."""
    found = {one["name"]: one["value"] for one in pages.send("Performance.getMetrics")["metrics"]}
    return float(found["JSHeapTotalSize"]) / MB


def footprint(processes: "CDPSession") -> float:
    """As the browser's own task manager has it: what is the process's alone, in memory or not.

    The code of the browser is not: all of its processes share it.
    """
    told = processes.send("SystemInfo.getProcessInfo")["processInfo"]
    pages = [one["id"] for one in told if one["type"] == "renderer"]
    return max(map(held, pages))


def held(process: int) -> float:
    try:
        lines = Path(f"/proc/{process}/status").read_text("ascii").splitlines()
    except OSError:  # it has ended meanwhile
        return 0.0
    pairs = dict(line.split(":", 1) for line in lines)
    return sum(int(pairs[name].split()[0]) * 1024 for name in ("RssAnon", "VmSwap")) / MB


def seconds_behind(system: System, measured: Measured, looks: list[tuple[int, int]]) -> list[float]:
    """For each time that the judge was asked, how long it was until the page showed what was sent.

    That is the last alert among the events that had been sent: no other event is shown by itself.
    """
    alerts = [
        sequence
        for (sequence,) in system.rows(
            "SELECT sequence FROM decisions WHERE flagged = 1 ORDER BY sequence"
        )
    ]
    newest = [sequence for _, sequence in looks]
    assert newest == sorted(newest)
    found = []
    for at, sent in measured.sent:
        place = bisect_right(alerts, sent - 1) - 1
        if place < 0:
            continue
        seen = bisect_left(newest, alerts[place])
        assert seen < len(looks), "an alert was never shown"
        found.append(max(0, looks[seen][0] - at) / US)
    return found


def tell(page: "Page", measured: Measured, behind: list[float]) -> None:
    """The figures, for who has waited for them."""
    holds, scripts = measured.footprint, measured.heap
    middle = sorted(behind)[len(behind) // 2]
    alerts = page.inner_text("#feed-count")
    lines = (
        f"{measured.sent[-1][1]:,} events in {SECONDS} s, {alerts} alerts",
        f"MB of the page: {max(holds):.0f} at most, {holds[-1]:.0f} in the end",
        f"MB of its scripts, of these: {max(scripts):.0f} at most, {scripts[-1]:.0f} in the end",
        f"seconds behind: {max(behind):.2f} at most, {middle:.2f} in the median of {len(behind):,}",
    )
    print("", *lines, sep="\n")  # noqa: T201 - what it is run for
