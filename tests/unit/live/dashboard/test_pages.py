"""Pages and files: what browsers may do on them, that all is there, and that text stays text."""

import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from engine.definition import Feature, column, feature_set, log1p
from engine.errors import InputError
from engine.live.dashboard import files, pages
from engine.live.dashboard.model_page import model_pieces, report_of
from engine.live.dashboard.pages import POLICY
from unit.live.api.cases import Scorer, asking, run_of
from unit.live.dashboard.cases import FakeBoard, app_of
from unit.replay.judge.clients import run

STATIC = Path(files.__file__).parent / "static"
PAGES = Path(pages.__file__).parent / "pages"
SCRIPTS = sorted(STATIC.glob("*.js"))
NAMED = re.compile(r"""(?:byId|tell)\(\s*["']([a-z0-9-]+)["']""")
DRAWN = re.compile(r"""new Drawn\(["']([a-z]+)["']""")
IMPORTED = re.compile(r"""(?:from|import)\s*\(?\s*["']([^"']+)["']""")


def get(path: str, scorer: Scorer | None = None, **headers: str) -> httpx.Response:
    found: list[httpx.Response] = []

    async def test() -> None:
        async with asking(app_of(FakeBoard(), scorer)) as client:
            found.append(await client.get(path, headers=headers))

    run(test())
    return found[0]


class Read(HTMLParser):
    """What stands in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.odd: list[str] = []
        self.labelled: list[str] = []
        self._in_script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if "id" in told:
            self.ids.append(told["id"])
        self.links += [told[name] for name in ("href", "src", "action") if name in told]
        self.labelled += told.get("aria-labelledby", "").split()
        self.odd += [name for name in told if name == "style" or name.startswith("on")]
        if tag == "style":
            self.odd.append(tag)
        self._in_script = tag == "script"

    def handle_data(self, data: str) -> None:
        if self._in_script and data.strip():
            self.odd.append("script with text")

    def handle_endtag(self, _tag: str) -> None:
        self._in_script = False


@pytest.mark.parametrize("path", sorted(pages.PATHS))
def test_a_page_allows_nothing_but_its_own_files(path: str) -> None:
    answer = get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-frame-options"] == "DENY"
    read = Read(answer.text)
    assert read.odd == []
    assert all(link.startswith(("/", "#")) and not link.startswith("//") for link in read.links)
    assert len(read.ids) == len(set(read.ids))
    assert set(read.labelled) <= set(read.ids)
    assert "$" not in answer.text


@pytest.mark.parametrize("path", sorted(pages.PATHS))
def test_what_a_page_names_is_served(path: str) -> None:
    for link in Read(get(path).text).links:
        if link.startswith(files.PREFIX):
            assert get(link).status_code == 200, link


@pytest.mark.parametrize("path", sorted(STATIC.iterdir()), ids=lambda path: path.name)
def test_a_file_is_served_once(path: Path) -> None:
    answer = get(f"/static/{path.name}")
    assert (answer.status_code, answer.content) == (200, path.read_bytes())
    assert answer.headers["x-content-type-options"] == "nosniff"
    kind = answer.headers["content-type"].partition(";")[0]
    kinds = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    assert kind == kinds[path.suffix]
    again = get(f"/static/{path.name}", **{"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["nothing.js", "..%2fpages%2ffront.html", "front.html", "%00"])
def test_other_files_are_not(name: str) -> None:
    assert get(f"/static/{name}").status_code == 404


@pytest.mark.parametrize("kind", ["front", "model", "operations"])
def test_script_and_page_name_the_same_elements(kind: str) -> None:
    ids = set(Read((PAGES / "frame.html").read_text("utf-8")).ids)
    ids |= set(Read((PAGES / f"{kind}.html").read_text("utf-8")).ids)
    wanted: set[str] = set()
    for path in reached(STATIC / f"{kind}.js"):
        text = path.read_text("utf-8")
        wanted |= set(NAMED.findall(text)) | {f"chart-{name}" for name in DRAWN.findall(text)}
    assert wanted <= ids


def reached(path: Path) -> set[Path]:
    """A script and all that it imports."""
    found, left = set[Path](), [path]
    while left:
        one = left.pop()
        if one not in found and one.name != "vega.js":  # which is made
            found.add(one)
            names = IMPORTED.findall(one.read_text("utf-8"))
            left += [STATIC / name.rpartition("/")[2] for name in names]
    return found


def test_every_script_is_used() -> None:
    used = {
        path
        for kind in ("front", "model", "operations", "login")
        for path in reached(STATIC / f"{kind}.js")
    }
    assert {*used, STATIC / "theme.js"} == set(SCRIPTS)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_read_no_markup_and_make_no_code(path: Path) -> None:
    text = path.read_text("utf-8")
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "DOMParser",
    ):
        assert word not in text
    assert not re.search(r"new Function|setAttribute\(\s*[\"'](style|on)", text)
    assert "http:" not in text
    assert "https:" not in text


def test_the_three_questions_stand_in_these_words() -> None:
    text = get("/").text
    for words in (
        "Top 5 most common fraud patterns in the last hour",
        "How many fraud alerts were triggered in the last 2 hours",
        "What age segment is most exposed to fraud",
    ):
        assert f">{words}</h2>" in text


def test_the_page_of_the_model_tells_its_features_and_no_markup() -> None:
    hostile = "<script>alert(1)</script>"
    features = feature_set(
        "odd",
        run_of().features.schema,
        [Feature("one", log1p(column("amt")), f"what {hostile} is")],
    )
    one = replace(run_of(), features=features, manifest={"id": hostile, "data": {}}, usual={})
    text = get("/model", Scorer(run=one)).text
    assert hostile not in text
    assert text.count("&lt;script&gt;") == 2


def test_the_page_of_the_model_says_what_is_not_shown() -> None:
    pieces = model_pieces(run_of())
    rows = re.findall(r"<tr><td.*?</tr>", pieces["features"])
    secret = {re.search(r"<code>(.*?)</code>", row)[1] for row in rows if "not shown" in row}  # type: ignore[index]
    assert secret == {"age", "city_pop", "lat", "long", "gender_M", "gender_F"}
    assert "no report" in pieces["report"]


def test_the_page_of_the_model_says_what_is_usual_as_alerts_do() -> None:
    names = ("seen_merchant_before", "time_since_last_merchant_s", "velocity_1h")
    usual = dict(zip(names, (0.0, 1e9, 1e9), strict=True))
    rows = model_pieces(replace(run_of(), usual=usual))["features"].splitlines()
    said = [row for name in names for row in rows if f">{name}<" in row]
    assert [re.sub("<.*?>", " ", row).split()[-1] for row in said] == [
        "no",
        "never",
        "1,000,000,000",
    ]


def test_the_report_is_that_of_the_run(tmp_path: Path) -> None:
    content = b"<!doctype html><title>a report</title>"
    (tmp_path / "report.html").write_bytes(content)
    told = {"id": "a", "sha256": {"report.html": hashlib.sha256(content).hexdigest()}}
    one = replace(run_of(), path=tmp_path, manifest=told)
    answer = get("/report/current", Scorer(run=one))
    assert (answer.status_code, answer.content) == (200, content)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    assert "script" not in policy
    (tmp_path / "report.html").write_bytes(content + b" ")
    assert get("/report/current", Scorer(run=one)).status_code == 404
    with pytest.raises(InputError, match="not the one of the run that decides"):
        report_of(one)
    (tmp_path / "report.html").unlink()
    with pytest.raises(InputError, match="cannot be read"):
        report_of(one)
    assert get("/report/current").status_code == 404
