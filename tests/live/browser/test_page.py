"""The dashboard in a browser, when nothing moves: what it shows is what the ledger holds."""

import csv
import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from engine.clock import wall_us
from engine.ledger.cli import main as ledger_main
from live.browser.logs import HOSTILE
from live.browser.pages import FEED, LINKS, MOST_TABS, Looking, focus, picture, tab_to
from live.browser.system import System
from processes import PATIENCE_SECONDS, ROOT
from replay.screenshots import taken

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

US = 1_000_000
WIDTHS = (1280, 390)
PATHS = ("/", "/model", "/operations")
TITLES = (
    "Top 5 most common fraud patterns in the last hour",
    "How many fraud alerts were triggered in the last 2 hours",
    "What age segment is most exposed to fraud",
)
CONTROLS = (
    *("theme", "freeze", "export", "text", "of-state", "of-category", "least-score", "span"),
    *("clear", "feed", "map-in", "map-out", "map-all"),
)
ALERTS = """\
SELECT sequence, score, event FROM decisions WHERE flagged = 1 ORDER BY sequence DESC"""


# Orange, of which there is none but alerts in the map.
HAS_HEXAGONS = """\
() => {
  const canvas = document.querySelector("#chart-map canvas");
  if (canvas === null || !canvas.width) return false;
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] > 200 && data[at] - data[at + 2] > 60) return true;
  }
  return false;
}"""
LESS_THAN_IT_RESTS_MS = 10_000


@pytest.fixture(scope="module", autouse=True)
def still(system: System, logs: list[Path]) -> int:
    """Events have come a moment ago, and no more do; when all of it was done, in microseconds."""
    system.start_judge(logs[1], rate=400.0)
    system.still()
    return wall_us()


def asked(ledger: Path, out: Path, until_us: int) -> dict[str, list[dict[str, Any]]]:
    """What sql/questions answer as of an instant, asked of an export, by the question."""
    assert ledger_main(["export", str(ledger), "--out", str(out), "--quiet"]) == 0
    until_text = f"{datetime.fromtimestamp(until_us // US, UTC):%Y-%m-%dT%H:%M:%S}"
    chosen = [word for name in ("patterns", "alerts", "exposed") for word in ("--question", name)]
    command = [sys.executable, "-m", "replay.questions", str(out), "--until", until_text, *chosen]
    found = subprocess.run(  # noqa: S603 - our own interpreter and module
        [*command, "--json", "--threads", "1"],
        capture_output=True,
        cwd=ROOT,
        timeout=PATIENCE_SECONDS,
        check=True,
    )
    return {one["name"]: one["rows"] for one in json.loads(found.stdout)["questions"]}


def rounded(value: float, decimals: int) -> str:
    """As browsers write it: of two that are as near the larger one."""
    places = Decimal(1).scaleb(-decimals)
    return f"{Decimal(value).quantize(places, ROUND_HALF_UP):,}"


def percent(share: float, decimals: int = 1) -> str:
    return f"{rounded(100 * share, decimals)}\u00a0%"


def interval(row: dict[str, Any]) -> str:
    return f"[{percent(row['low'])},\u00a0{percent(row['high'])}]"


def several(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def texts(found: "Locator") -> list[str]:
    """Their texts as they stand in the page, whatever of them is to be seen."""
    return [text or "" for text in found.all_text_contents()]


def shown(page: "Page") -> list[int]:
    """The sequences of the alerts that are in the page, from the top."""
    found: list[int] = page.locator(FEED).evaluate_all(
        """(rows) => rows
        .sort((one, other) => one.ariaPosInSet - other.ariaPosInSet)
        .map((row) => Number(row.querySelector("a").hash.slice("#alert-".length)))"""
    )
    return found


def count_is(page: "Page", text: str) -> None:
    """Wait until the feed says how many alerts there are."""
    page.wait_for_function(
        "(text) => document.getElementById('feed-count').textContent === text", arg=text
    )


def alerts_of(system: System) -> list[tuple[int, float, dict[str, Any]]]:
    """Sequence, score and event of all alerts, the newest first."""
    return [(one, score, json.loads(event)) for one, score, event in system.rows(ALERTS)]


def test_the_three_answers_are_those_of_the_questions(
    looking: Looking, still: int, tmp_path: Path
) -> None:
    with looking.page() as page:
        now = picture(page, still)
        answers = asked(looking.system.ledger, tmp_path / "exported", now["as_of"])
        for title, box in zip(TITLES, page.locator(".answers article").all(), strict=True):
            assert box.locator("h2").text_content() == title
        patterns, (alerts,) = answers["patterns"], answers["alerts"]
        ages = [row for row in answers["exposed"] if row["kind"] == "age"]
        # An hour is not two hours, and two are not all there is.
        every = looking.system.rows("SELECT count(*) FROM decisions WHERE flagged = 1")[0][0]
        within_an_hour = round(patterns[0]["alerts"] / patterns[0]["share"])
        assert 0 < within_an_hour < alerts["alerts"] < every
        assert (len(patterns), len(ages)) > (2, 1)

        page.wait_for_function(
            "(text) => document.getElementById('count').textContent === text",
            arg=f"{alerts['alerts']:,}",
        )
        items = page.locator("#patterns li")
        assert texts(items.locator(".pattern-names")) == [row["pattern"] for row in patterns]
        assert texts(items.locator(".pattern-words")) == [row["says"] for row in patterns]
        assert texts(items.locator(".pattern-count")) == [f"{row['alerts']:,}" for row in patterns]
        assert texts(items.locator(".pattern-more")) == [
            f"{percent(row['share'], 0)} · {several(row['cards'], 'card')} · "
            f"{rounded(row['money'], 2)}"
            for row in patterns
        ]
        examples = [one.get_attribute("href") for one in items.locator("a").all()]
        places = dict(looking.system.rows("SELECT event_id, sequence FROM decisions"))
        assert examples == [f"#alert-{places[row['example']]}" for row in patterns]

        first, *others = ages
        assert page.locator("#exposed").text_content() == (
            f"{first['segment']}: {percent(first['rate'])} {interval(first)}"
        )
        assert page.locator("#exposed-detail").text_content() == (
            f"{first['hits']:,} of {several(first['events'], 'transaction')} on "
            f"{several(first['cards'], 'card')} flagged; 95\u00a0% interval in brackets, "
            "by whose lower end segments are ordered"
        )
        assert texts(page.locator("#ages-rows tr")) == [
            f"{row['segment']}{percent(row['rate'])}{interval(row)}" for row in others
        ]


def test_an_alert_is_opened_and_judged_by_keyboard_alone(looking: Looking) -> None:
    system = looking.system
    with looking.page() as page:
        count_is(page, str(len(alerts_of(system))))
        for place, (label, button, word, mark) in enumerate(
            ((1, "confirm", "fraud", "confirmed"), (0, "dismiss", "not fraud", "dismissed"))
        ):
            tab_to(page, "feed")
            for _ in range(2 + place):
                page.keyboard.press("ArrowDown")
            page.keyboard.press("Enter")
            page.locator("#case-body").wait_for()
            sequence = int(page.evaluate("location.hash.slice('#alert-'.length)"))
            assert sequence == alerts_of(system)[1 + place][0]
            assert page.locator("#case-reasons .reason-words").count() == 3
            assert page.locator("#case-card-rows tr.this").count() == 1
            tab_to(page, "who")
            name = f"Mia Ölmez-{place}"
            page.keyboard.press("ControlOrMeta+a")
            page.keyboard.insert_text(name)
            tab_to(page, button)
            before = wall_us()
            page.keyboard.press("Enter")
            page.get_by_text(f"{word}, recorded", exact=True).wait_for()
            found = system.rows(
                "SELECT label, who, at FROM labels JOIN decisions USING (event_id) "
                "WHERE sequence = ?",
                (sequence,),
            )
            assert [row[:2] for row in found] == [(label, name)]
            assert before <= found[0][2] <= wall_us()
            page.get_by_text(f"{word} – {name}, ").wait_for()
            page.keyboard.press("Escape")
            # Who has closed it is where they were.
            assert page.evaluate("document.activeElement.hash") == f"#alert-{sequence}"
            row = page.locator(FEED, has=page.locator(f"[href='#alert-{sequence}']"))
            assert row.locator(".row-verdict").text_content() == mark
            page.evaluate("document.activeElement.blur()")
        page.reload()
        page.locator(".row-verdict.fine").wait_for()
        assert page.locator(".row-verdict.fraud").count() == 1


def test_a_label_is_chosen_named_and_recorded_once(looking: Looking) -> None:
    def labels() -> int:
        return int(looking.system.rows("SELECT count(*) FROM labels")[0][0])

    before = labels()
    with looking.page() as page:
        page.locator(f"{FEED}[aria-posinset='5'] a").click()
        page.locator("#case-body").wait_for()
        page.locator("#who").fill(" ")
        page.locator("#dismiss").click()
        page.get_by_text("Your name is needed.", exact=True).wait_for()
        page.locator("#who").fill("Mia")
        page.locator("#who").press("Enter")
        page.wait_for_timeout(300)
        assert labels() == before
        page.locator("#dismiss").dblclick()
        page.get_by_text("not fraud, recorded", exact=True).wait_for()
        page.wait_for_timeout(300)
        assert labels() == before + 1


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text(looking: Looking, name: str) -> None:
    hostile = [row for row in alerts_of(looking.system) if row[2]["merchant"] == name]
    assert len(hostile) > 2
    with looking.page() as page:
        page.locator("#text").fill(name)
        count_is(page, f"{len(hostile)} found")
        assert set(texts(page.locator(f"{FEED} .row-who"))) == {name}
        page.locator(LINKS).first.click()
        page.locator("#case-body").wait_for()
        assert (page.locator("#case-title").text_content() or "").endswith(f" at {name}")
        assert name in texts(page.locator("#case-facts dd"))
        assert name in texts(page.locator("#case-card-rows td"))
        page.locator("#case-close").click()
        rows = exported(page)
        assert [row["merchant"] for row in rows] == [name] * len(hostile)
        page.locator("#case-body").wait_for(state="hidden")
        assert page.locator("main img, main script, dialog img, dialog script").count() == 0
        assert page.evaluate("document.documentElement.dataset.ran") is None


def exported(page: "Page") -> list[dict[str, str]]:
    """The rows of the file that the page exports."""
    with page.expect_download() as download:
        page.locator("#export").click()
    text = download.value.path().read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def found_by(page: "Page", wanted: Sequence[int]) -> None:
    """What is looked for is shown, and exported."""
    count_is(page, f"{len(wanted)} found")
    assert shown(page) == list(wanted)[: len(shown(page))]
    assert [int(row["sequence"]) for row in exported(page)] == list(wanted)


def test_alerts_are_found_and_exported_as_they_are_shown(looking: Looking, still: int) -> None:
    alerts = alerts_of(looking.system)
    assert len(alerts) > 100
    _, score, event = alerts[len(alerts) // 2]
    card, state, category = str(event["cc_num"])[-4:], event["state"], event["category"]
    with looking.page() as page:
        picture(page, still)
        count_is(page, str(len(alerts)))
        # There are as many rows as are to be seen, whatever there is.
        assert page.locator(".row").count() < 40
        assert [int(row["sequence"]) for row in exported(page)] == [row[0] for row in alerts]
        page.locator("#text").fill(card)
        in_either = [
            row[0]
            for row in alerts
            if card in str(row[2]["cc_num"])[-4:] or card in row[2]["merchant"]
        ]
        found_by(page, in_either)
        page.locator("#text").fill("")
        page.locator("#of-state").select_option(state)
        found_by(page, [row[0] for row in alerts if row[2]["state"] == state])
        page.locator("#of-category").select_option(category)
        both = [row for row in alerts if (row[2]["state"], row[2]["category"]) == (state, category)]
        found_by(page, [row[0] for row in both])
        least = int(score * 100) / 100
        page.locator("#least-score").fill(str(least))
        found_by(page, [row[0] for row in both if row[1] >= least])
        page.locator("#clear").click()
        count_is(page, str(len(alerts)))
        page.locator("#span").select_option("3600")
        within = looking.system.rows(
            "SELECT sequence FROM decisions WHERE flagged = 1 AND arrival_time >= ? "
            "ORDER BY sequence DESC",
            (wall_us() - 3_600 * US,),
        )
        found_by(page, [sequence for (sequence,) in within])
        page.locator("#text").fill("no merchant is called that")
        empty = page.locator("#feed-empty")
        empty.get_by_text("No alert is like that, of the latest 10,000.").wait_for()
        page.locator("#clear").click()
        count_is(page, str(len(alerts)))
        # Older ones are asked for as who reads comes to them.
        page.locator("#feed").evaluate("(feed) => { feed.scrollTop = feed.scrollHeight; }")
        oldest = page.locator(f"{FEED}[aria-posinset='{len(alerts)}'] a")
        oldest.wait_for()
        assert oldest.get_attribute("href") == f"#alert-{alerts[-1][0]}"


def test_the_theme_that_is_chosen_is_remembered(looking: Looking) -> None:
    theme = "document.documentElement.dataset.theme"
    colour = "getComputedStyle(document.body).backgroundColor"
    with looking.context(theme="dark") as context:
        page = context.new_page()
        page.goto(looking.system.url)
        assert page.evaluate(theme) == "dark"
        dark = page.evaluate(colour)
        page.locator("#theme").click()
        assert page.evaluate(theme) == "light"
        assert page.evaluate(colour) != dark
        for path in PATHS:
            page.goto(f"{looking.system.url}{path}")
            assert page.evaluate(theme) == "light"


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_page(looking: Looking, width: int) -> None:
    wide = "(one) => one.scrollWidth - one.clientWidth"
    with looking.page(width=width, height=844) as page:
        page.locator("#chart-alerts canvas").wait_for()
        assert page.locator("html").evaluate(wide) == 0
        for part in ("time", "amt", "who", "where", "score", "why"):
            assert page.locator(f"{FEED} .row-{part}").first.is_visible(), part
        page.locator(LINKS).first.click()
        # It is drawn once it is seen.
        page.locator("#chart-timeline").scroll_into_view_if_needed()
        page.locator("#chart-timeline canvas").wait_for()
        assert page.locator("#case").evaluate(wide) == 0
        for path in PATHS[1:]:
            page.goto(f"{looking.system.url}{path}")
            page.locator("body[data-state]").wait_for()
            assert page.locator("html").evaluate(wide) == 0, path


def test_what_can_be_done_can_be_done_with_tab(looking: Looking) -> None:
    with looking.page() as page:
        reached = []
        for _ in range(MOST_TABS):
            page.keyboard.press("Tab")
            reached.append(focus(page))
        assert set(CONTROLS) <= set(reached)
        places = [reached.index(one) for one in CONTROLS]
        assert places == sorted(places)  # in the order in which they are read


def test_who_has_not_told_the_token_sees_nothing(looking: Looking) -> None:
    looking.expected = ("401 (Unauthorized)",)
    with looking.context(signed_in=False) as context:
        page = context.new_page()
        page.goto(looking.system.url)
        page.get_by_label("Token").fill("another token than that")
        page.keyboard.press("Enter")
        page.get_by_text("This is not the token.").wait_for()
        assert page.locator(FEED).count() == 0
        page.get_by_label("Token").fill(looking.system.token)
        page.get_by_role("button", name="Go on").click()
        page.locator(LINKS).first.wait_for()


def test_who_tells_the_token_comes_to_the_alert_that_was_sent(looking: Looking) -> None:
    looking.expected = ("401 (Unauthorized)",)
    path = f"/#alert-{alerts_of(looking.system)[3][0]}"
    with looking.context(signed_in=False) as context:
        page = context.new_page()
        page.goto(f"{looking.system.url}{path}")
        for token in ("another token than that", looking.system.token):
            page.get_by_label("Token").fill(token)
            page.keyboard.press("Enter")
            page.get_by_text("This is not the token.").or_(page.locator("#case-body")).wait_for()
        assert page.url == f"{looking.system.url}{path}"


def test_who_opens_an_alert_when_the_session_is_over_comes_back_to_it(looking: Looking) -> None:
    looking.expected = ("401 (Unauthorized)",)
    with looking.page() as page:
        page.context.clear_cookies()
        page.locator(f"{FEED}[aria-posinset='2'] a").click()
        page.get_by_label("Token").fill(looking.system.token)
        page.keyboard.press("Enter")
        page.locator("#case-body").wait_for()
        assert page.url == f"{looking.system.url}/#alert-{alerts_of(looking.system)[1][0]}"


def test_charts_are_told_in_words_too(looking: Looking, still: int) -> None:
    with looking.page() as page:
        now = picture(page, still)
        page.locator("#category-told tr").first.wait_for(state="attached")
        for name in ("category", "hour"):
            assert page.locator(f"#{name}-told tr").count() == min(20, len(now[f"by_{name}"]))
        assert "in the minute of" in (page.locator("#alerts-told").text_content() or "")
        assert "nearest" in (page.locator("#map-told").text_content() or "")


def test_alerts_that_were_closed_are_not_gone_back_to(looking: Looking) -> None:
    with looking.page() as page:
        before = page.evaluate("history.length")
        for place in (1, 2, 3):
            page.locator(f"{FEED}[aria-posinset='{place}'] a").click()
            page.locator("#case-body").wait_for()
            page.keyboard.press("Escape")
            page.wait_for_function("() => location.hash === ''")
        assert page.evaluate("history.length") == before + 1
        page.go_forward()
        page.locator("#case-body").wait_for()
        page.go_back()
        page.locator("#case-body").wait_for(state="hidden")


def test_what_is_withdrawn_is_said_so_and_the_focus_stays(looking: Looking) -> None:
    with looking.page() as page:
        page.locator(f"{FEED}[aria-posinset='9'] a").click()
        page.locator("#case-body").wait_for()
        page.locator("#who").fill("Mia")
        page.locator("#confirm").click()
        page.get_by_text("fraud, recorded", exact=True).wait_for()
        page.locator("#withdraw").press("Enter")
        page.get_by_text("withdrawn, recorded", exact=True).wait_for()
        page.get_by_text("withdrawn, said Mia", exact=True).wait_for()
        assert focus(page) == "confirm"


def test_the_map_has_its_alerts_as_soon_as_they_are_known(looking: Looking) -> None:
    with looking.page() as page:
        page.wait_for_function(HAS_HEXAGONS)
        page.reload()  # scripts are at hand now, so that it is drawn sooner than alerts come
        page.locator("#map-detail", has_text="with a place").wait_for()
        page.wait_for_function(HAS_HEXAGONS, timeout=LESS_THAN_IT_RESTS_MS)


def test_the_model_says_what_it_looks_at(looking: Looking) -> None:
    with looking.page("/model") as page:
        assert page.locator("#features-title + .card tbody tr").count() > 10


def test_pictures_are_taken_in_both_themes_and_widths(looking: Looking, tmp_path: Path) -> None:
    system = looking.system
    names = [path.name for path in taken(looking.browser, system.url, tmp_path, system.token)]
    kinds = ("alerts", "model", "operations", "alert")
    assert names == [
        f"{kind}-{theme}-{width}.png"
        for theme in ("light", "dark")
        for width in WIDTHS
        for kind in kinds
    ]
    for name in names:
        content = (tmp_path / name).read_bytes()
        assert content.startswith(b"\x89PNG")
        assert int.from_bytes(content[16:20]) == int(name.removesuffix(".png").split("-")[2])
