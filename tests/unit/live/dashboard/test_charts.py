"""Charts and scripts that are made once: complete, of one look, and kept."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from engine.errors import OutputError
from engine.live.dashboard import made
from engine.live.dashboard.charts import charts
from engine.live.dashboard.looks import LOOKS
from engine.live.dashboard.made import Made, kept_name
from live.cases import until
from unit.live.dashboard.test_pages import DRAWN, SCRIPTS

HEX = re.compile(r"#[0-9a-fA-F]{6}\b")
LEAST_OF_TEXT = 4.5
LEAST_OF_MARKS = 3.0
# As style.css has them.
CARDS = {"light": "#ffffff", "dark": "#161e26"}


@pytest.fixture(scope="module")
def made_charts() -> dict[str, Any]:
    return charts()


def test_every_chart_of_the_scripts_is_described_in_both_looks(made_charts: dict[str, Any]) -> None:
    wanted = {name for path in SCRIPTS for name in DRAWN.findall(path.read_text("utf-8"))}
    assert set(made_charts) == {"light", "dark"}
    for look in made_charts.values():
        assert set(look["charts"]) == wanted
    light, dark = (set(HEX.findall(json.dumps(made_charts[name]))) for name in ("light", "dark"))
    assert not light & dark


def test_charts_load_nothing(made_charts: dict[str, Any]) -> None:
    for look in made_charts.values():
        for spec in look["charts"].values():
            text = json.dumps(spec)
            assert '"url"' not in text
            assert '"href"' not in text
            assert '"name": "rows"' in text


def contrast(one: str, other: str) -> float:
    """As WCAG 2 has it."""

    def light(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        ]
        return sum(
            weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True)
        )

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", sorted(LOOKS))
def test_charts_can_be_read(name: str) -> None:
    look, card = LOOKS[name], CARDS[name]
    assert contrast(look.ink, card) > LEAST_OF_TEXT
    assert contrast(look.muted, card) > LEAST_OF_TEXT
    assert contrast(look.alarm, card) > LEAST_OF_MARKS
    assert contrast(look.mark, card) > LEAST_OF_MARKS


def colours_of_style() -> dict[str, dict[str, str]]:
    style = (Path(made.__file__).parent / "static" / "style.css").read_text("utf-8")
    light, dark = re.findall(r":root[^{]*\{(.*?)\}", style, re.DOTALL)[:2]
    return {
        name: dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", text))
        for name, text in (("light", light), ("dark", dark))
    }


@pytest.mark.parametrize("name", ["light", "dark"])
def test_words_can_be_read(name: str) -> None:
    found = colours_of_style()[name]
    assert found["card"] == CARDS[name]
    for words in ("ink", "muted", "accent", "alarm", "good", "bad"):
        for below in ("card", "page", "wash"):
            assert contrast(found[words], found[below]) > LEAST_OF_TEXT, (words, below)
    for words, below in (
        *(("accent", "accent-wash"), ("bad", "bad-wash")),
        *(("alarm", "alarm-wash"), ("ink", "alarm-wash"), ("muted", "alarm-wash")),
    ):
        assert contrast(found[words], found[below]) > LEAST_OF_TEXT, (words, below)


def test_what_is_made_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def make(name: str, _began: object) -> bytes:
        asked.append(name)
        return b"made"

    monkeypatch.setattr(made, "_made", make)
    folder = tmp_path / "a" / "b"
    for _ in range(2):
        assert asyncio.run(Made(folder).content("vega.js")) == b"made"
    assert asked == ["vega.js"]
    assert [path.name for path in folder.iterdir()] == [kept_name("vega.js")]
    assert folder.stat().st_mode & 0o077 == 0


def test_where_nothing_can_be_kept_it_is_made_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(made, "_made", lambda _name, _began: b"made")
    (tmp_path / "file").write_text("")
    assert asyncio.run(Made(tmp_path / "file" / "folder").content("vega.js")) == b"made"


def test_the_folder_is_the_user_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert made.cache_folder() == tmp_path / "sentinelpos"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # which the standard has ignored
    monkeypatch.setenv("HOME", str(tmp_path))
    assert made.cache_folder() == tmp_path / ".cache" / "sentinelpos"


def test_the_maker_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTINELPOS_TOKEN", "0123456789abcdef")
    monkeypatch.setattr(made, "_MODULE", "sys; import os; print(dict(os.environ)) #")
    with pytest.raises(OutputError, match=r"charts.json could not be made"):
        made._made("charts.json", lambda _process: None)
    monkeypatch.setattr(made, "_MODULE", "this")
    assert b"beautiful" in made._made("charts.json", lambda _process: None).lower()


def test_the_scripts_that_draw_interpret_expressions() -> None:
    """It takes a few seconds: that they can do without making code of text is all that counts."""
    script = made._made("vega.js", lambda _process: None).decode()
    assert script.rstrip().endswith("globalThis.vegaEmbed=$t6;") or "globalThis.vegaEmbed" in script
    assert "expressionInterpreter" in script


def test_whoever_ends_does_not_wait_for_what_is_being_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "forever.py").write_text("import time; time.sleep(600)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(made, "_MODULE", "forever")

    async def test() -> None:
        files = Made(tmp_path)
        making = asyncio.create_task(files.content("charts.json"))
        await until(lambda: files._at_work)
        files.close()
        with pytest.raises(OutputError, match="could not be made"):
            await making
        with pytest.raises(OutputError, match="could not be made"):
            await files.content("charts.json")  # and is not tried again at once
        assert len(files._at_work) == 1

    asyncio.run(test())
