"""A page whose stream and alerts are what a test says, and nothing else."""

import json
import re
from contextlib import contextmanager
from http import HTTPStatus
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from engine.clock import elapsed
from live.browser.pages import FEED, Looking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page, Route

OF = "Number(a.hash.slice('#alert-'.length))"
IS_NEWER = f"""\
(known) => {{
  const a = document.querySelector("#feed-inner .row:not([hidden])[aria-posinset='1'] a");
  return a !== null && {OF} > known;
}}"""
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


def newest(page: "Page") -> int:
    """The sequence of the alert at the top of the feed."""
    return int(page.locator(f"{FEED}[aria-posinset='1'] a").evaluate(f"(a) => {OF}"))


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


def opened(page: "Page", said: list[list[Any]], **fields: float) -> None:
    """Whichever alert is opened is this one, and of it that is what was said."""

    def answer(route: "Route") -> None:
        label = said[-1][0] if said else None
        told = {"alert": alert(999) | fields | {"label": label}, "labels": said}
        nothing: dict[str, Any] = {"reasons": [], "card": [], "features": []}
        route.fulfill(body=json.dumps(told | nothing), content_type="application/json")

    page.route(re.compile(r"/dashboard/alerts/[0-9]+$"), answer)
