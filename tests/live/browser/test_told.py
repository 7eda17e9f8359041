"""The pages by what the stream tells them, and without it."""

import json
import re
from dataclasses import asdict

from engine.live.board.rows import Segment
from live.browser.pages import FEED, Looking
from live.browser.telling import opened, places_are, told_page
from unit.live.dashboard.cases import picture

_HIDE = """\
(isHidden) => {
  Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
}"""


def test_a_page_that_nobody_sees_holds_no_stream(looking: Looking) -> None:
    with told_page(looking) as (page, scorer):
        page.evaluate(_HIDE, True)  # noqa: FBT003 - a value
        assert page.evaluate("told.readyState") == 2
        scorer.newest = 5_000
        page.evaluate(_HIDE, False)  # noqa: FBT003 - a value
        assert page.evaluate("told.readyState") == 1
        places_are(page, 5_000, "200+")


def test_why_there_is_no_stream_is_told_and_alerts_are_there(looking: Looking) -> None:
    looking.expected = ("503 (Service Unavailable)",)
    refused = {"what": "16 watch already", "hint": "close one of the others"}
    with looking.context() as context:
        page = context.new_page()
        page.route(
            "**/dashboard/stream",
            lambda route: route.fulfill(
                status=503, body=json.dumps(refused), content_type="application/json"
            ),
        )
        page.goto(looking.system.url)
        page.locator("#sign").get_by_text("16 watch already: close one of the others.").wait_for()
        page.locator(f"{FEED} a").first.wait_for()
        page.unroute("**/dashboard/stream")
        page.get_by_text("16 watch already").wait_for(state="hidden")


def test_another_ledger_is_another_page(looking: Looking) -> None:
    health = {"health": {"stream": "open", "ready": True, "troubles": []}}
    with told_page(looking) as (page, scorer):
        opened(page, [])
        page.locator(f"{FEED}[aria-posinset='1'] a").click()
        page.locator("#case-body").wait_for()
        scorer.tell(("health", health | {"ledger": None}), ("health", health | {"ledger": 1}))
        scorer.newest = 5
        scorer.tell(("health", health | {"ledger": 1}), ("health", health | {"ledger": 2}))
        page.locator("#feed-count").get_by_text("6", exact=True).wait_for()
        places_are(page, 5, "6")
        assert not page.locator("#case").is_visible()


_LISTEN = """\
() => {
  globalThis.heard = [];
  const live = document.querySelectorAll("[role=alert], [role=status]");
  const take = (found) => heard.push(...found.map((one) => one.target.textContent));
  const all = { childList: true, characterData: true, subtree: true };
  for (const one of live) new MutationObserver(take).observe(one, all);
}"""


def test_what_counts_up_is_not_read_out_each_second(looking: Looking) -> None:
    now = 1_764_000_000_000_000
    told = asdict(picture(as_of=now, last_event=now - 90_000_000))
    with told_page(looking) as (page, scorer):
        scorer.tell(("picture", told))
        page.locator("#sign", has_text=re.compile(r"[0-9]\ss")).wait_for()
        page.evaluate(_LISTEN)
        page.wait_for_timeout(2_200)
        assert not [one for one in page.evaluate("heard") if "\u00a0s" in one]


_CELLS = "(rows) => [...rows.querySelectorAll('th, td')].map((one) => one.textContent)"


def test_tables_have_what_charts_show(looking: Looking) -> None:
    def rate(kind: str, segment: str, share: float) -> Segment:
        return Segment(kind, segment, 1_234, 3, share, share / 4, 3 * share, 55)

    with told_page(looking) as (page, scorer):
        for share, shown in ((0.0041, ["0.4", "0.1", "1.2"]), (0.1234, ["12.3", "3.1", "37.0"])):
            told = picture(
                by_category=(rate("category", "misc_net", share),),
                by_state=(rate("state", "TX", share), rate("state", "NY", share)),
                by_hour=(rate("hour", "3", share),),
            )
            scorer.tell(("picture", asdict(told)))
            counted = [*(f"{one}\u00a0%" for one in shown), "1,234", "55"]
            for name, segments in (
                ("category", ["misc net"]),
                ("state", ["TX", "NY"]),
                ("hour", ["3"]),
            ):
                rows = page.locator(f"#{name}-told")
                rows.get_by_text(counted[0]).first.wait_for(state="attached")
                expected = [text for one in segments for text in (one, *counted)]
                assert rows.evaluate(_CELLS) == expected
