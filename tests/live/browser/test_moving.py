"""The dashboard in a browser while events come, and when they do not."""

import csv
from pathlib import Path

from live.browser.pages import FEED, Looking
from live.browser.telling import IS_NEWER, newest

RATE = 40.0


def test_the_feed_moves_and_stands_still_as_it_is_told(looking: Looking, logs: list[Path]) -> None:
    with looking.page() as page:
        looking.system.start_judge(logs[1], RATE)
        page.wait_for_function(IS_NEWER, arg=newest(page))
        page.get_by_role("button", name="Freeze").press("Enter")
        frozen = newest(page)
        page.get_by_text("new alerts since").wait_for()
        assert newest(page) == frozen
        with page.expect_download() as download:
            page.locator("#export").click()
        rows = csv.DictReader(download.value.path().read_text("utf-8").splitlines())
        exported = [int(row["sequence"]) for row in rows]
        shown = looking.system.rows(
            "SELECT sequence FROM decisions WHERE flagged = 1 AND sequence <= ? "
            "ORDER BY sequence DESC",
            (frozen,),
        )
        assert exported == [sequence for (sequence,) in shown]
        page.get_by_role("button", name="Go on").press("Enter")
        page.wait_for_function(IS_NEWER, arg=frozen)
        assert page.locator("#held").is_hidden()
        looking.system.end("judge")


def test_a_stream_that_breaks_is_seen_and_so_is_its_return(
    looking: Looking, logs: list[Path]
) -> None:
    system = looking.system
    with looking.page() as page:
        sign, state = page.locator("#sign"), page.locator("#state-words")
        system.start_judge(logs[2], RATE)
        sign.wait_for(state="hidden")
        state.get_by_text("live").wait_for()
        system.end("judge")
        # What was on its way may still come, and take the sign away for a moment.
        sign.filter(has_text="Events have stopped: the stream ").wait_for()
        sign.filter(has_text="The last one came ").wait_for()
        state.get_by_text("no event").wait_for()
        page.locator("body.stale").wait_for()
        # Its own, as a judge begins anew, and tells of flags for what it has sent.
        system.start_judge(logs[3], RATE)
        sign.wait_for(state="hidden", timeout=60_000)
        assert page.locator("body.stale").count() == 0
        system.end("judge")


def test_a_scorer_that_is_gone_is_seen_and_so_is_its_return(
    looking: Looking, boosted: Path
) -> None:
    looking.expected = ("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING")
    with looking.page() as page:
        sign = page.locator("#sign")
        looking.system.end("scorer")
        sign.get_by_text("Connection lost, showing ").wait_for()
        looking.system.start_scorer(boosted)
        sign.get_by_text("Connection lost").wait_for(state="hidden")
        page.locator(f"{FEED} a").first.wait_for()
