"""Pages of the dashboard, opened and watched: nothing runs on them that is not theirs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from live.browser.system import System

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, StorageState

FEED: Final = "#feed-inner .row:not([hidden])"
LINKS: Final = f"{FEED} a"
TIMEOUT_MS: Final = 30_000
MOST_TABS: Final = 80

# Runs before any script of a page does.
_WATCH: Final = """\
addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`);
});"""
_PICTURE: Final = """\
(after) => new Promise((done, fail) => {
  const source = new EventSource("/dashboard/stream");
  const end = (what, value) => { source.close(); what(value); };
  let seen = 0;
  source.addEventListener("picture", (event) => {
    const picture = JSON.parse(event.data);
    // The board may have read what the first of them shows just before.
    if (picture.as_of > after && picture.caught_up) seen += 1;
    if (seen === 2) end(done, picture);
  });
  source.addEventListener("error", () => end(fail, new Error("the stream ended")));
})"""
_FOCUS: Final = "document.activeElement?.id ?? ''"


@dataclass
class Looking:
    """Whoever looks at the pages.

    Parameters
    ----------
    system
        What runs.
    browser
        What shows it.
    session
        Of who has told the token.
    complaints
        What browsers said that is no good.
    expected
        Parts of such words that are meant to be said.
    """

    system: System
    browser: "Browser"
    session: "StorageState | None" = None
    complaints: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()

    @contextmanager
    def context(
        self,
        width: int = 1280,
        height: int = 900,
        theme: Literal["light", "dark"] = "light",
        *,
        signed_in: bool = True,
    ) -> Iterator["BrowserContext"]:
        """A browser of somebody's own."""
        made = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,
            storage_state=self.session if signed_in else None,
            accept_downloads=True,
        )
        made.set_default_timeout(TIMEOUT_MS)
        made.add_init_script(_WATCH)
        made.on("console", self._heard)
        made.on("weberror", lambda error: self.complaints.append(str(error.error)))
        try:
            yield made
        finally:
            made.close()

    @contextmanager
    def page(self, path: str = "/", **options: Any) -> Iterator["Page"]:  # noqa: ANN401 - as for context
        """A page, and on the first one an alert to be seen."""
        with self.context(**options) as context:
            page = context.new_page()
            page.goto(f"{self.system.url}{path}")
            if path == "/":
                page.locator(LINKS).first.wait_for()
            yield page

    def assert_well(self) -> None:
        """Nothing was complained of but what was meant to be."""
        unmeant = [one for one in self.complaints if not any(part in one for part in self.expected)]
        assert not unmeant

    def _heard(self, message: "ConsoleMessage") -> None:
        if message.type == "error":
            self.complaints.append(f"{message.text} ({message.location['url']})")


def picture(page: "Page", after: int = 0) -> dict[str, Any]:
    """What the first screen shows of all that stood in the ledger at an instant."""
    found: dict[str, Any] = page.evaluate(_PICTURE, after)
    return found


def focus(page: "Page") -> str:
    """The id of what has the focus."""
    found: str = page.evaluate(_FOCUS)
    return found


def tab_to(page: "Page", wanted: str) -> None:
    """Go to an element as who has no mouse does."""
    for _ in range(MOST_TABS):
        if focus(page) == wanted:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"#{wanted} is not reached by Tab")
