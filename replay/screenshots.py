"""``python -m replay.screenshots``: the dashboard of a live scorer as pictures."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

from engine.arguments import seconds
from engine.command import EXIT_CODES, Parser, run_command
from engine.errors import InputError, SentinelError
from engine.events.disk import write_bytes, writing
from engine.live.api.options import TOKEN_VARIABLE
from replay.browser import browsing

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Theme = Literal["light", "dark"]

THEMES: Final[tuple[Theme, ...]] = ("light", "dark")
# Of a desk and of a telephone: how wide, and how high.
SIZES: Final = ((1280, 900), (390, 844))

_DESCRIPTION = f"""\
Take pictures of the dashboard of a live scorer that runs at URL: the first screen, an alert that is
opened, the model and operations, each dark and light, {SIZES[0][0]} and {SIZES[1][0]} pixels wide.

It wants a browser (chromium or google-chrome) and Playwright, which make setup installs with the
other packages of development. Where a token is asked for, it is that of {TOKEN_VARIABLE}."""

_EPILOG = f"""\
{EXIT_CODES}

examples:
  python -m replay.screenshots http://127.0.0.1:8000 --out screenshots"""

_PAGES: Final = (("alerts", "/"), ("model", "/model"), ("operations", "/operations"))
_ALERT: Final = "#feed-inner .row:not([hidden]) a"
_MS: Final = 1_000
# A chart that is to be seen is drawn once it is no more coming; what nobody sees is not drawn.
_DRAWN: Final = """\
() => ![...document.querySelectorAll(".chart.coming")].some((one) => {
  const box = one.getBoundingClientRect();
  const around = (one.closest("dialog") ?? document.documentElement).getBoundingClientRect();
  const end = Math.min(innerHeight, around.bottom);
  return one.clientWidth > 0 && box.bottom > 0 && box.top < end - 1;
})"""
_SETTLED: Final = """\
() => document.body.dataset.state && document.body.dataset.state !== "wait" """


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], None]:
    parser = Parser("python -m replay.screenshots", _DESCRIPTION, _EPILOG)
    add = parser.add_argument
    add("url", metavar="URL", help="where the scorer listens")
    add("--out", required=True, metavar="DIR", help="the folder for the pictures, made if need be")
    add("--browser", default=None, metavar="PATH", help="which browser (default: the one there is)")
    add(
        "--patience",
        default="60s",
        metavar="SPAN",
        help="for how long to wait for an alert and the charts (default: %(default)s)",
    )
    add("--quiet", action="store_true", help="do not name the pictures")
    parsed = parser.parse_args(argv)
    url = _url(parsed.url)
    patience = seconds(parsed.patience, "--patience")
    token = os.environ.get(TOKEN_VARIABLE) or None

    def work() -> None:
        out = Path(parsed.out)
        with writing(out):
            out.mkdir(parents=True, exist_ok=True)
        with browsing(parsed.browser) as browser:
            for path in taken(browser, url, out, token, patience):
                if not parsed.quiet:
                    sys.stdout.write(f"{path}\n")
                    sys.stdout.flush()

    return work


def taken(
    browser: "Browser", url: str, out: Path, token: str | None = None, patience: float = 60.0
) -> Iterator[Path]:
    """Take the pictures, and name each when it is there.

    Parameters
    ----------
    browser
        Which takes them.
    url
        Of the scorer, without a path.
    out
        A folder that is there.
    token
        What is told where the dashboard asks for it.
    patience
        Seconds to wait for what is to be seen.

    Raises
    ------
    InputError
        If the dashboard does not answer, or shows no alert in time.
    OutputError
        If a picture cannot be written.
    """
    for theme in THEMES:
        for width, height in SIZES:
            with _page(browser, theme, width, height, patience) as page, _explained(url):
                for name, path in _PAGES:
                    _visit(page, f"{url}{path}", token)
                    page.wait_for_function(_SETTLED)
                    if path == "/":
                        page.locator(_ALERT).first.wait_for()
                    # All of it is to be seen.
                    page.set_viewport_size({"width": width, "height": _height(page, height)})
                    page.wait_for_function(_DRAWN)
                    yield _picture(page, out / f"{name}-{theme}-{width}.png")
                    page.set_viewport_size({"width": width, "height": height})
                _visit(page, f"{url}/", token)
                page.locator(_ALERT).first.click()
                page.locator("#case-body").wait_for()
                page.wait_for_function(_DRAWN)
                yield _picture(page, out / f"alert-{theme}-{width}.png")


@contextmanager
def _page(
    browser: "Browser", theme: Theme, width: int, height: int, patience: float
) -> Iterator["Page"]:
    # Things that move would be caught halfway.
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=theme,
        reduced_motion="reduce",
    )
    context.set_default_timeout(patience * _MS)
    try:
        yield context.new_page()
    finally:
        context.close()


def _visit(page: "Page", url: str, token: str | None) -> None:
    page.goto(url)
    box = page.locator("input#token")
    if not box.count():
        return
    if token is None:
        raise InputError(
            f"{url}: asks for the token (was not given)", hint=f"export {TOKEN_VARIABLE}"
        )
    box.fill(token)
    box.press("Enter")
    page.wait_for_url(lambda now: urlsplit(now).path == "/" or now == url)
    page.goto(url)
    if page.locator("input#token").count():
        raise InputError(
            f"{url}: does not take the token (was another)", hint=f"export {TOKEN_VARIABLE}"
        )


@contextmanager
def _explained(url: str) -> Iterator[None]:
    """What the browser could not do, as our errors are."""
    from playwright.sync_api import Error  # noqa: PLC0415 - there is a browser, so it is there

    try:
        yield
    except SentinelError:
        raise
    except Error as error:
        raise InputError(
            f"{url}: cannot be shown (was: {error.message.splitlines()[0]})",
            hint="see that the live scorer runs there and has flagged an event",
        ) from error


def _height(page: "Page", least: int) -> int:
    return max(least, int(page.evaluate("document.documentElement.scrollHeight")))


def _picture(page: "Page", path: Path) -> Path:
    write_bytes(page.screenshot(), path)
    return path


def _url(text: str) -> str:
    found = urlsplit(text)
    if found.scheme not in {"http", "https"} or not found.netloc or found.path.strip("/"):
        raise InputError(
            f"not the address of a scorer (was {text!r})",
            hint="give one such as http://127.0.0.1:8000",
        )
    return f"{found.scheme}://{found.netloc}"


if __name__ == "__main__":
    sys.exit(main())
