"""The README shows the results that are kept."""

from pathlib import Path

import pytest

from benchmarks.readme import PARTS, main, with_results
from engine.errors import InputError

BEGIN, END = PARTS[0].begin, PARTS[0].end
README = Path(__file__).parents[3] / "README.md"


def test_the_results_go_between_their_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    marks = "".join(f"{part.begin}\nstale\n{part.end}\n" for part in PARTS)
    page.write_text(f"before\n{marks}after\n")
    assert main([str(page)]) == 0
    text = page.read_text()
    assert "stale" not in text
    assert text.startswith(f"before\n{PARTS[0].begin}\n\n")
    assert text.endswith(f"\n\n{PARTS[-1].end}\nafter\n")
    for part in PARTS:
        assert part.shown in text


def test_the_readme_shows_the_results_that_are_kept() -> None:
    text = README.read_text("utf-8")
    assert with_results(text) == text, "run `make readme`"


@pytest.mark.parametrize("text", ["", BEGIN, f"{END}{BEGIN}", f"{BEGIN}{END}{BEGIN}{END}"])
def test_without_its_marks_the_readme_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no place for the results"):
        with_results(text)
