"""Pictures of the dashboard: what is lacking for them is said. Tests in a browser take them."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from replay import browser
from replay.screenshots import main

URL = "http://127.0.0.1:9"


@pytest.mark.parametrize("url", ["", "127.0.0.1:8000", "ftp://host", "http://host/model"])
def test_what_is_no_address_is_refused(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([url, "--out", str(tmp_path)]) == 2
    assert "not the address of a scorer" in capsys.readouterr().err


def test_without_a_browser_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert browser.installed() is None
    assert main([URL, "--out", str(tmp_path)]) == 2
    assert "no browser is installed (was looked for as chromium, " in capsys.readouterr().err


def test_without_what_drives_it_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("playwright", "playwright.sync_api"):
        monkeypatch.setitem(sys.modules, name, None)
    assert main([URL, "--out", str(tmp_path), "--browser", os.devnull]) == 2
    said = capsys.readouterr().err
    assert "playwright, which drives the browser, is not installed" in said
    assert "make setup" in said
