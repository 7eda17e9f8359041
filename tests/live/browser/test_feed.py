"""The feed of alerts: what it shows, asks for and says, whatever comes and does not."""

import json
from dataclasses import asdict
from http import HTTPStatus

from live.browser.pages import FEED, Looking
from live.browser.telling import (
    IS_NEWER,
    START,
    alert,
    alerts,
    export_says,
    has_focus,
    new_page,
    newest,
    places_are,
    scroll,
    told_page,
)
from unit.live.dashboard.cases import picture


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
        wait.get_by_text(
            "This cannot be looked for: state is too long; shorten it.", exact=True
        ).wait_for()
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
        scorer.newest = 300
        scorer.tell(("missed", {}))
        page.locator("#feed-wait").get_by_text("No answer yet").wait_for()
        scorer.tell(("picture", asdict(picture())))
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


def test_what_is_gone_is_not_believed_of_a_scorer_that_has_not_read_its_ledger(
    looking: Looking,
) -> None:
    looking.expected = ("status of 503",)
    with told_page(looking) as (page, scorer):
        scorer.tell(("picture", asdict(picture())))
        page.evaluate("told.dispatchEvent(new Event('error'))")
        scorer.status = HTTPStatus.SERVICE_UNAVAILABLE
        page.locator("#text").fill("somebody")
        page.locator("#feed-wait").get_by_text("No answer yet").wait_for()
        scorer.newest = -1
        scorer.status = HTTPStatus.OK
        page.evaluate("told.dispatchEvent(new Event('open'))")
        scorer.tell(("picture", asdict(picture(caught_up=False))))
        asked = len(scorer.asked_for)
        while len(scorer.asked_for) < asked + 3:
            page.wait_for_timeout(100)
        assert page.locator("#feed-wait").is_visible()
        assert page.locator("#feed-empty").is_hidden()
        scorer.newest = 1_000
        places_are(page, 1_000, "200+ found")


def test_what_is_refused_is_not_added_to(looking: Looking) -> None:
    looking.expected = ("status of 422",)
    with told_page(looking) as (page, scorer):
        scorer.status = HTTPStatus.UNPROCESSABLE_ENTITY
        page.locator("#text").fill("somebody")
        page.locator("#feed-wait").get_by_text("This cannot be looked for").wait_for()
        asked = len(scorer.asked_for)
        for newest_one in range(1_000, 1_010):
            scorer.tell(("alerts", alerts(newest_one)))
            page.wait_for_timeout(50)
        assert page.locator(FEED).count() == 0
        assert len(scorer.asked_for) == asked
