"""The dashboard in a browser while events come, and when they do not."""

import csv
import json
import re
from contextlib import contextmanager
from dataclasses import asdict
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from engine.clock import elapsed
from live.browser.pages import FEED, Looking
from unit.live.dashboard.cases import picture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page, Route

RATE = 40.0


def newest(page: "Page") -> int:
    """The sequence of the alert at the top of the feed."""
    return int(page.locator(f"{FEED}[aria-posinset='1'] a").evaluate(f"(a) => {OF}"))


OF = "Number(a.hash.slice('#alert-'.length))"
IS_NEWER = f"""\
(known) => {{
  const a = document.querySelector("#feed-inner .row:not([hidden])[aria-posinset='1'] a");
  return a !== null && {OF} > known;
}}"""


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


# The stream is what the test says, and nothing else.
_TOLD = """\
globalThis.EventSource = class extends EventTarget {
  static CLOSED = 2;
  constructor() {
    super();
    this.readyState = 1;
    globalThis.told = this;
    setTimeout(() => this.dispatchEvent(new Event("open")));
  }
  close() {
    this.readyState = 2;
  }
};"""
_TELL = """\
(messages) => {
  for (const [name, data] of messages) {
    told.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }));
  }
}"""
PART = 200
START = 1_700_000_000


def alert(sequence: int) -> dict[str, Any]:
    return {
        **dict.fromkeys(("state", "lat", "long", "score", "threshold", "fallback", "label")),
        "sequence": sequence,
        "event_id": str(sequence),
        "arrival_time": START * 1_000_000 + sequence,
        "card": "••••1234",
        "amt": 1.0,
        "merchant": "somebody",
        "category": None,
        "reasons": [],
        "answered_after": None,
        "asked": False,
    }


def alerts(*sequences: int) -> list[dict[str, Any]]:
    return [alert(one) for one in sorted(sequences, reverse=True)]


class Scorer:
    """Answers for alerts up to a newest one."""

    def __init__(self, page: "Page", newest: int) -> None:
        self.newest = newest
        self.held: list[Route] | None = None  # what is not answered yet
        self.changed: dict[int, dict[str, Any]] = {}
        self.status = 200
        self.asked_for: list[dict[str, str]] = []
        self._page = page
        page.add_init_script(_TOLD)
        page.route("**/dashboard/alerts?*", self._answer)

    def tell(self, *messages: tuple[str, Any]) -> None:
        """Say it by the stream, all of it at once: what is told of is there to be asked for."""
        for name, of in messages:
            if name == "alerts":
                self.newest = max(self.newest, *(one["sequence"] for one in of))
        self._page.evaluate(_TELL, messages)

    @contextmanager
    def silent(self) -> "Iterator[list[Route]]":
        """Nothing is answered within the block, and all of it after."""
        self.held = held = []
        yield held
        self.held = None
        for route in held:
            self._answer(route)

    def asked(self, times: int) -> None:
        """Wait until so much is not answered yet."""
        until = elapsed() + 30
        while len(self.held or []) < times:
            assert elapsed() < until
            self._page.wait_for_timeout(10)

    def _answer(self, route: "Route") -> None:
        if self.held is not None:
            self.held.append(route)
            return
        asked = dict(parse_qsl(urlsplit(route.request.url).query))
        self.asked_for.append(asked)
        if self.status != HTTPStatus.OK:
            body = json.dumps({"what": "state is too long", "hint": "shorten it"})
            route.fulfill(status=self.status, body=body, content_type="application/json")
            return
        before = min(int(asked.get("before", "1000000")), self.newest + 1)
        every = (alert(one) for one in range(before - 1, -1, -1))
        found = (self.changed.get(one["sequence"], one) for one in every)
        wanted = (
            one
            for one in found
            if asked.get("text", "") in one["merchant"]
            and one["arrival_time"] >= int(asked.get("since_us", "0"))
        )
        body = json.dumps(list(islice(wanted, int(asked["most"]))))
        route.fulfill(body=body, content_type="application/json")


def places_are(page: "Page", newest_one: int, count: str) -> None:
    page.wait_for_function(IS_NEWER, arg=newest_one - 1)
    assert newest(page) == newest_one
    page.locator("#feed-count").get_by_text(count, exact=True).wait_for()


def export_says(page: "Page", part: str) -> None:
    page.wait_for_function(
        "(part) => document.getElementById('export').href.includes(part)", arg=part
    )


@contextmanager
def new_page(looking: Looking, newest: int) -> "Iterator[tuple[Page, Scorer]]":
    """A page that has asked for nothing yet, and who answers it."""
    with looking.context() as context:
        page = context.new_page()
        yield page, Scorer(page, newest)


@contextmanager
def told_page(looking: Looking, at: float | None = None) -> "Iterator[tuple[Page, Scorer]]":
    """A page that shows the newest 200 of a thousand alerts, and who tells it of more.

    Its clock, if that says when it is, can be put on.
    """
    with new_page(looking, 999) as (page, scorer):
        if at is not None:
            page.clock.install(time=at)
        page.goto(looking.system.url)
        places_are(page, 999, "200+")
        yield page, scorer


def test_the_feed_never_has_a_hole(looking: Looking) -> None:
    with told_page(looking) as (page, scorer):
        # One that is older than those that are held says nothing of those in between.
        scorer.tell(("alerts", alerts(700, 1_000)))
        scorer.newest = 1_000
        places_are(page, 1_000, "201+")
        scorer.newest = 5_000
        scorer.tell(("missed", {}), ("alerts", alerts(*range(4_700, 5_001))))
        places_are(page, 5_000, "200+")
        # What is older comes as who reads goes on, and all of it.
        page.locator("#feed").evaluate("(feed) => { feed.scrollTop = feed.scrollHeight; }")
        page.locator("#feed-count").get_by_text("400+", exact=True).wait_for()
        page.locator("#feed").evaluate("(feed) => { feed.scrollTop = feed.scrollHeight; }")
        page.locator(f"{FEED}[aria-posinset='400'] a[href='#alert-4601']").wait_for()


def test_what_is_frozen_stays_whatever_is_missed(looking: Looking) -> None:
    with told_page(looking) as (page, scorer):
        page.get_by_role("button", name="Freeze").click()
        scorer.newest = 5_000
        scorer.tell(("missed", {}), ("alerts", alerts(*range(4_700, 5_001))), ("open", {}))
        page.get_by_text("Frozen; at least 301 new alerts since.", exact=True).wait_for()
        places_are(page, 999, "200+")
        assert "before=1000" in (page.locator("#export").get_attribute("href") or "")
        page.get_by_role("button", name="Go on").click()
        places_are(page, 5_000, "200+")
        assert "before" not in (page.locator("#export").get_attribute("href") or "")


def test_what_is_frozen_can_be_looked_through(looking: Looking) -> None:
    with told_page(looking) as (page, scorer):
        page.get_by_role("button", name="Freeze").click()
        scorer.newest = 5_000
        scorer.tell(("alerts", alerts(*range(4_990, 5_001))))
        page.get_by_text("Frozen; 11 new alerts since.", exact=True).wait_for()
        page.locator("#text").fill("somebody")
        page.locator("#feed-count").get_by_text("200+ found", exact=True).wait_for()
        places_are(page, 999, "200+ found")
        page.get_by_text("Frozen; 11 new alerts since.", exact=True).wait_for()
        assert "before=1000" in (page.locator("#export").get_attribute("href") or "")
        page.locator("#text").fill("")
        places_are(page, 999, "200+")
        page.get_by_role("button", name="Go on").click()
        places_are(page, 5_000, "200+")


def test_what_is_frozen_while_it_is_asked_for_comes_all_the_same(looking: Looking) -> None:
    with told_page(looking) as (page, scorer):
        with scorer.silent():
            page.locator("#text").fill("somebody")
            page.wait_for_function(f"() => !document.querySelector('{FEED}:not([hidden])')")
            page.get_by_role("button", name="Freeze").click()
            scorer.newest = 5_000
            changed = alert(990) | {"merchant": "somebody else"}
            scorer.tell(("alerts", [*alerts(*range(4_990, 5_001)), changed]))
            page.get_by_text("Frozen; 11 new alerts since.", exact=True).wait_for()
        places_are(page, 999, "200+ found")
        page.locator(f"{FEED}[aria-posinset='10']").get_by_text("somebody else").wait_for()
        assert "before=1000" in (page.locator("#export").get_attribute("href") or "")
        page.get_by_role("button", name="Go on").click()
        places_are(page, 5_000, "200+ found")


def test_what_was_empty_is_not_taken_for_all_of_it(looking: Looking) -> None:
    with new_page(looking, -1) as (page, scorer):
        page.goto(looking.system.url)
        page.get_by_text("No alerts yet.", exact=True).wait_for()
        scorer.newest = 999
        scorer.tell(("missed", {}))
        places_are(page, 999, "200+")


def test_what_changes_while_older_ones_are_asked_for_is_seen(looking: Looking) -> None:
    with told_page(looking) as (page, scorer):
        with scorer.silent():
            page.locator("#feed").evaluate("(feed) => { feed.scrollTop = feed.scrollHeight; }")
            scorer.asked(1)
            scorer.tell(("alerts", [alert(798) | {"merchant": "somebody else"}]))
        page.locator(f"{FEED}[aria-posinset='202']").get_by_text("somebody else").wait_for()


def test_what_is_missed_below_the_newest_is_asked_for_too(looking: Looking) -> None:
    with told_page(looking) as (page, scorer):
        page.locator("#feed").evaluate("(feed) => { feed.scrollTop = feed.scrollHeight; }")
        page.locator("#feed-count").get_by_text("400+", exact=True).wait_for()
        scorer.changed[700] = alert(700) | {"merchant": "somebody else"}
        scorer.tell(("missed", {}))
        row = page.locator(f"{FEED}[aria-posinset='300']")
        page.locator("#feed").evaluate("(feed) => { feed.scrollTop = feed.scrollHeight * 0.74; }")
        row.get_by_text("somebody else").wait_for()


def test_the_page_is_not_starved_by_what_it_misses(looking: Looking) -> None:
    with told_page(looking) as (page, scorer):
        with scorer.silent() as held:
            for newest_one in range(1_000, 1_020):
                scorer.newest = newest_one
                scorer.tell(("missed", {}), ("alerts", alerts(newest_one)))
            scorer.asked(1)
            page.wait_for_timeout(200)
            assert len(held) == 1
        places_are(page, 1_019, "400+")


def test_what_is_frozen_before_the_first_answer_is_what_that_tells(looking: Looking) -> None:
    with new_page(looking, 999) as (page, scorer):
        with scorer.silent():
            page.goto(looking.system.url)
            page.get_by_role("button", name="Freeze").click()
            scorer.asked(1)
            scorer.tell(("alerts", alerts(*range(998, 1_006))))
            scorer.newest = 999  # it was asked before that
        places_are(page, 999, "200+")
        page.get_by_text("Frozen; 6 new alerts since.", exact=True).wait_for()
        assert "before=1000" in (page.locator("#export").get_attribute("href") or "")


def scroll(page: "Page", share: float) -> None:
    """Go to there in the list."""
    page.locator("#feed").evaluate(
        "(feed, share) => { feed.scrollTop = feed.scrollHeight * share; }", share
    )


def has_focus(page: "Page", hash_or_id: str) -> None:
    """Wait until it has the focus, and see that it keeps it."""
    has = "(it) => [document.activeElement.hash, document.activeElement.id].includes(it)"
    page.wait_for_function(has, arg=hash_or_id)
    page.wait_for_timeout(100)
    assert page.evaluate(has, hash_or_id)


def test_what_is_never_answered_is_asked_again(looking: Looking) -> None:
    with told_page(looking, START) as (page, scorer):
        scorer.held = []
        scorer.newest = 3_000
        scorer.tell(("missed", {}))
        scorer.asked(1)
        scorer.tell(("alerts", alerts(*range(1_000, 3_001))))
        scorer.held = None
        page.clock.fast_forward(11_000)
        places_are(page, 3_000, "200+")
        scorer.held = []
        scroll(page, 1)
        scorer.asked(1)
        scorer.held = None
        page.clock.fast_forward(11_000)
        page.locator("#feed-count").get_by_text("400+", exact=True).wait_for()


def test_who_is_refused_keeps_what_is_there_and_is_told(looking: Looking) -> None:
    looking.expected = ("status of 503", "status of 401")
    with told_page(looking) as (page, scorer):
        scorer.status = 503
        scorer.newest = 1_010
        scorer.tell(("missed", {}))
        page.locator("#feed-wait").get_by_text("No answer yet").wait_for()
        assert page.locator("#feed-said").text_content() == (
            "No answer yet; the scorer is asked again."
        )
        assert newest(page) == 999
        scorer.status = 200
        places_are(page, 1_010, "400+")
        page.locator("#feed-wait").wait_for(state="hidden")
        scorer.status = 401
        with page.expect_event("load"):  # of the page that asks for the token
            scorer.tell(("missed", {}))


def test_what_cannot_be_looked_for_is_told_and_not_asked_again(looking: Looking) -> None:
    looking.expected = ("status of 422",)
    with told_page(looking) as (page, scorer):
        scorer.status = HTTPStatus.UNPROCESSABLE_ENTITY
        page.locator("#text").fill("somebody")
        wait = page.locator("#feed-wait")
        wait.get_by_text("This cannot be looked for: state is too long.", exact=True).wait_for()
        asked = len(scorer.asked_for)
        page.wait_for_timeout(2_500)
        assert len(scorer.asked_for) == asked
        scorer.status = HTTPStatus.OK
        page.locator("#text").fill("")
        places_are(page, 999, "200+")
        wait.wait_for(state="hidden")


def test_what_is_frozen_is_looked_through_as_of_then(looking: Looking) -> None:
    with told_page(looking, START + 60) as (page, scorer):
        page.locator("#span").select_option("300")
        page.locator("#feed-count").get_by_text("200+ found", exact=True).wait_for()
        page.get_by_role("button", name="Freeze").click()
        page.clock.fast_forward("06:00")
        page.locator("#text").fill("somebody")
        page.clock.run_for(500)
        export_says(page, "text=somebody")
        places_are(page, 999, "200+ found")
        since = int(scorer.asked_for[-1]["since_us"]) / 1_000_000
        assert START - 241 <= since < START - 200
        export_says(page, f"since_us={since:.0f}000000")
        page.get_by_role("button", name="Go on").click()
        page.locator("#feed-empty").get_by_text("No alert is like that").wait_for()


def test_a_scorer_that_reads_its_ledger_again_is_waited_for(looking: Looking) -> None:
    with told_page(looking) as (page, scorer):
        page.get_by_role("button", name="Freeze").click()
        scorer.newest = 300
        scorer.tell(("missed", {}))
        page.locator("#feed-wait").get_by_text("No answer yet").wait_for()
        assert newest(page) == 999
        scorer.newest = 1_001
        page.get_by_text("Frozen; at least 1 new alert since.", exact=True).wait_for()
        page.locator("#feed-wait").wait_for(state="hidden")
        export_says(page, "before=1000")
        page.get_by_role("button", name="Go on").click()
        places_are(page, 1_001, "400+")


def test_what_was_the_newest_may_be_gone(looking: Looking) -> None:
    with told_page(looking) as (page, scorer):
        scorer.tell(("picture", asdict(picture())))
        scorer.newest = 300
        scorer.tell(("missed", {}))
        page.locator(f"{FEED}[aria-posinset='1'] a[href='#alert-300']").wait_for()
        places_are(page, 300, "200+")
        scorer.tell(("alerts", alerts(301)))
        places_are(page, 301, "201+")


def test_the_focus_stays_with_its_alert(looking: Looking) -> None:
    looking.expected = ("404 (Not Found)",)
    missing = json.dumps({"what": "no such alert", "hint": "look for another"})
    with told_page(looking) as (page, scorer):
        page.route(
            "**/dashboard/alerts/9*",
            lambda route: route.fulfill(status=404, body=missing, content_type="application/json"),
        )
        page.locator(f"{FEED} a[href='#alert-998']").focus()
        for newest_one in range(1_000, 1_040):
            scorer.tell(("alerts", alerts(newest_one)))
        places_are(page, 1_039, "240+")
        has_focus(page, "#alert-998")
        page.keyboard.press("ArrowDown")
        has_focus(page, "#alert-997")
        top = 1_039
        for more, focused in ((3, "#alert-997"), (60, "feed")):
            page.keyboard.press("Enter")
            page.locator("#case[open]").wait_for()
            scorer.tell(("alerts", alerts(*range(top + 1, top + 1 + more))))
            top += more
            page.locator("#feed-count").get_by_text(f"{top - 799}+", exact=True).wait_for()
            if focused == "feed":
                scroll(page, 0)
                page.locator(f"{FEED} a[href='#alert-997']").wait_for(state="detached")
            page.keyboard.press("Escape")
            has_focus(page, focused)


def test_rows_are_in_the_page_as_they_are_in_the_list(looking: Looking) -> None:
    with told_page(looking) as (page, scorer):

        def are_in_order() -> None:
            page.wait_for_timeout(100)
            found = page.locator(FEED).evaluate_all("(all) => all.map((row) => row.ariaPosInSet)")
            places = [int(one) for one in found]
            assert len(places) > 10
            assert places == sorted(places)

        scorer.tell(("alerts", alerts(*range(1_000, 1_005))))
        places_are(page, 1_004, "205+")
        are_in_order()
        scroll(page, 0.1)
        are_in_order()
        page.locator(f"{FEED} a").nth(8).focus()
        scroll(page, 0.5)
        are_in_order()
        scroll(page, 0)
        are_in_order()


def test_keys_go_on_from_what_is_seen(looking: Looking) -> None:
    with told_page(looking) as (page, _):
        page.locator("#feed").evaluate("(feed) => { feed.scrollTop = 62 * 20; }")
        page.locator("#feed").focus()
        page.keyboard.press("ArrowDown")
        has_focus(page, "#alert-979")
        page.keyboard.press("j")
        has_focus(page, "#alert-978")
        page.evaluate(
            "addEventListener('keydown', (event) => (globalThis.taken = event.defaultPrevented))"
        )
        for key in ("Control+k", "Alt+j", "Meta+k"):
            page.keyboard.press(key)
            assert page.evaluate("taken") is False, key
        has_focus(page, "#alert-978")


def test_who_hears_the_page_is_told_what_matters_once(looking: Looking) -> None:
    with told_page(looking) as (page, scorer):
        held, said = page.locator("#held-said"), page.locator("#feed-said")
        for one in (held, said):
            assert one.get_attribute("role") == "status"
        assert page.locator("#held[role], #held[aria-live]").count() == 0
        page.evaluate("""() => {
          globalThis.heard = [];
          const watch = new MutationObserver(() => {
            const text = document.getElementById("held-said").textContent;
            if (text) heard.push(text);
          });
          const changes = { childList: true, characterData: true, subtree: true };
          watch.observe(document.getElementById("held-said"), changes);
        }""")
        page.get_by_role("button", name="Freeze").click()
        assert page.locator("#freeze").get_attribute("aria-pressed") is None
        for newest_one in range(1_000, 1_005):
            scorer.tell(("alerts", alerts(newest_one)))
        page.get_by_text("Frozen; 5 new alerts since.", exact=True).wait_for()
        assert page.evaluate("heard") == ["Frozen.", "Frozen; some have come since."]
        page.locator("#text").fill("somebody")
        said.get_by_text("200+ found", exact=True).wait_for()
        page.locator("#text").fill("nobody")
        said.get_by_text("No alert is like that, of the latest 10,000.").wait_for()


def test_what_was_said_of_one_search_is_not_said_of_the_next(looking: Looking) -> None:
    with told_page(looking) as (page, scorer):
        page.locator("#text").fill("nobody")
        empty = page.locator("#feed-empty")
        empty.get_by_text("No alert is like that").wait_for()
        with scorer.silent():
            page.locator("#clear").click()
            scorer.asked(1)
            assert empty.is_hidden()
        places_are(page, 999, "200+")


def test_what_may_have_come_since_is_told(looking: Looking) -> None:
    with told_page(looking) as (page, scorer):
        page.get_by_role("button", name="Freeze").click()
        with scorer.silent():
            scorer.newest = 1_500
            scorer.tell(("missed", {}))
            page.get_by_text("Frozen; there may be new alerts since.", exact=True).first.wait_for()
        page.get_by_text("Frozen; at least 1 new alert since.", exact=True).wait_for()
        places_are(page, 999, "200+")


def test_what_is_frozen_ends_with_the_newest_there_is(looking: Looking) -> None:
    """Whatever is looked for."""
    with told_page(looking) as (page, scorer):
        page.locator("#text").fill("somebody else")
        page.locator("#feed-empty").get_by_text("No alert is like that").wait_for()
        for newest_one in (2_000, 3_000):
            scorer.newest = newest_one
            scorer.changed[900] = alert(900) | {"merchant": "somebody else"}
            with scorer.silent():
                scorer.tell(("missed", {}))
                scorer.asked(1)
                page.get_by_role("button", name="Freeze").click()
            export_says(page, f"before={newest_one + 1}")
            scorer.tell(("alerts", alerts(newest_one, newest_one + 1)))
            page.get_by_text("Frozen; 1 new alert since.", exact=True).wait_for()
            scorer.newest += 1
            page.get_by_role("button", name="Go on").click()
            places_are(page, 900, "1 found")


def test_states_to_choose_from_are_bounded_and_stay_while_chosen_from(looking: Looking) -> None:
    with told_page(looking) as (page, scorer):
        page.locator("#of-state").focus()
        first = page.locator("#of-state option").count()
        states = [f"no state {one}" for one in range(500)] + ["TX"]
        many = [alert(1_000 + place) | {"state": one} for place, one in enumerate(states)]
        scorer.tell(("alerts", many[::-1]))
        page.wait_for_function(IS_NEWER, arg=1_400)
        assert page.locator("#of-state option").count() == first
        page.locator("#text").focus()
        page.locator("#of-state option[value='TX']").wait_for(state="attached")
        assert 50 < page.locator("#of-state option").count() < 160


def test_alerts_are_asked_for_once_while_there_is_no_stream(looking: Looking) -> None:
    with told_page(looking) as (page, scorer):
        asked = len(scorer.asked_for)
        page.route(
            "**/dashboard/stream",
            lambda route: route.fulfill(
                status=503,
                body=json.dumps({"what": "16 watch already", "hint": "close one"}),
                content_type="application/json",
            ),
        )
        looking.expected = ("503 (Service Unavailable)",)
        page.evaluate("told.open = null; told.close()")
        page.locator("#sign").get_by_text("16 watch already: close one.").wait_for()
        page.wait_for_timeout(200)
        assert len(scorer.asked_for) == asked


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


def opened(page: "Page", said: list[list[Any]], **fields: float) -> None:
    """Whichever alert is opened is this one, and of it that is what was said."""

    def answer(route: "Route") -> None:
        label = said[-1][0] if said else None
        told = {"alert": alert(999) | fields | {"label": label}, "labels": said}
        nothing: dict[str, Any] = {"reasons": [], "card": [], "features": []}
        route.fulfill(body=json.dumps(told | nothing), content_type="application/json")

    page.route(re.compile(r"/dashboard/alerts/[0-9]+$"), answer)


def test_what_a_colleague_says_a_moment_later_is_told_the_right_way_round(looking: Looking) -> None:
    said: list[list[Any]] = []

    def label(route: "Route") -> None:
        said.extend([[1, "Ann", 1_700_000_000_000_000], [0, "Bob", 1_700_000_000_300_000]])
        route.fulfill(body=route.request.post_data, content_type="application/json")

    with told_page(looking) as (page, scorer):
        opened(page, said)
        page.route("**/labels", label)
        page.locator(f"{FEED}[aria-posinset='1'] a").click()
        page.locator("#who").fill("Ann")
        page.locator("#confirm").click()
        page.get_by_text("fraud, recorded", exact=True).wait_for()
        page.get_by_text("not fraud, said Bob", exact=True).wait_for()
        assert page.locator("#dismiss").get_attribute("aria-pressed") == "true"
        assert page.locator("#confirm").get_attribute("aria-pressed") == "false"
        said.append([1, "Cy", 1_700_000_001_000_000])
        scorer.tell(("alerts", [alert(999) | {"label": 1}]))
        page.get_by_text("fraud, said Cy", exact=True).wait_for()


def test_what_counts_already_is_not_said_twice(looking: Looking) -> None:
    said: list[list[Any]] = [[1, "Ann", 1_700_000_000_000_000]]
    with told_page(looking) as (page, scorer):
        opened(page, said)
        page.route(
            "**/labels",
            lambda route: route.fulfill(
                body=route.request.post_data, content_type="application/json"
            ),
        )
        page.locator(f"{FEED}[aria-posinset='1'] a").click()
        page.locator("#who").fill("Ann")
        page.locator("#confirm").click()
        page.get_by_text("fraud, recorded", exact=True).wait_for()
        page.get_by_text("fraud, said Ann", exact=True).wait_for()
        assert page.locator("#case-history li").count() == 1
        said.append([0, "Bob", 1_700_000_000_300_000])
        scorer.tell(("alerts", [alert(999) | {"label": 0}]))
        page.get_by_text("not fraud, said Bob", exact=True).wait_for()


_SEES_MAP = """\
() => {
  const { top, bottom } = document.getElementById("chart-map").getBoundingClientRect();
  return location.hash === "" && top >= 0 && bottom <= innerHeight;
}"""


def test_who_asks_for_the_map_sees_it(looking: Looking) -> None:
    with told_page(looking) as (page, _):
        opened(page, [], lat=40.0, long=-90.0)
        page.set_viewport_size({"width": 390, "height": 844})
        page.locator(f"{FEED}[aria-posinset='1'] a").click()
        page.locator("#case-map").click()
        page.wait_for_function(_SEES_MAP)
        page.wait_for_timeout(300)
        assert page.evaluate(_SEES_MAP)


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


def test_a_row_says_its_day_and_whom_nobody_answers(looking: Looking) -> None:
    with told_page(looking) as (page, scorer):
        scorer.tell(("alerts", [alert(999) | {"asked": True, "amt": 123_456_789_012.34}]))
        row = page.locator(f"{FEED}[aria-posinset='1']")
        row.get_by_text("asked by API", exact=True).wait_for()
        assert row.locator(".row-time span").text_content() == "14 Nov\u00a022:13"
        assert row.get_by_title("123,456,789,012.34").count() == 1
        other = page.locator(f"{FEED}[aria-posinset='2'] .row-time small")
        assert other.text_content() == "not answered"
        assert other.evaluate("(one) => one.scrollWidth <= one.clientWidth")
