"""One alert, opened, while others speak of it too."""

import json
import re
from typing import TYPE_CHECKING, Any

from live.browser.pages import FEED, Looking
from live.browser.telling import alert, opened, told_page

if TYPE_CHECKING:
    from playwright.sync_api import Route


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


def test_what_became_of_what_was_said_stands_for_a_while(looking: Looking) -> None:
    looking.expected = ("status of 409",)
    said: list[list[Any]] = []

    def label(route: "Route") -> None:
        said.append([1, "Ann", 1_700_000_000_000_000])
        route.fulfill(body=route.request.post_data, content_type="application/json")

    with told_page(looking) as (page, scorer):
        now = page.locator("#verdict-now")
        opened(page, said)
        page.route(
            "**/labels",
            lambda route: route.fulfill(
                status=409,
                body=json.dumps({"what": "not now", "hint": "later"}),
                content_type="application/json",
            ),
        )
        page.locator(f"{FEED}[aria-posinset='1'] a").click()
        page.locator("#who").fill("Ann")
        page.locator("#confirm").click()
        now.get_by_text("not now: later.", exact=True).wait_for()
        with page.expect_response(re.compile(r"/dashboard/alerts/999$")):
            scorer.tell(("alerts", [alert(999) | {"answered_after": 1.0}]))
        page.wait_for_timeout(100)
        assert now.text_content() == "not now: later."
        page.unroute("**/labels")
        page.route("**/labels", label)
        page.locator("#confirm").click()
        now.get_by_text("fraud, recorded", exact=True).wait_for()
        with page.expect_response(re.compile(r"/dashboard/alerts/999$")):
            scorer.tell(("alerts", [alert(999) | {"label": 1}]))
        page.wait_for_timeout(100)
        assert now.text_content() == "fraud, recorded"
        now.get_by_text("fraud, said Ann", exact=True).wait_for()


def test_what_is_said_is_as_the_list_has_it(looking: Looking) -> None:
    """The alert itself was read a moment before."""
    with told_page(looking) as (page, _):
        told = {"alert": alert(999), "labels": [[1, "Ann", 1_700_000_000_000_000]]}
        nothing: dict[str, Any] = {"reasons": [], "card": [], "features": []}
        page.route(
            re.compile(r"/dashboard/alerts/[0-9]+$"),
            lambda route: route.fulfill(
                body=json.dumps(told | nothing), content_type="application/json"
            ),
        )
        page.locator(f"{FEED}[aria-posinset='1'] a").click()
        page.locator("#verdict-now").get_by_text("fraud, said Ann", exact=True).wait_for()
        assert page.locator("#withdraw").is_visible()
