"""Each question says what it asks and takes, is tested, and stands in the README."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from engine.decide.folder import PARTS
from engine.errors import InputError
from replay.questions.read import QUESTIONS, Question, read_questions
from replay.questions.readme import BEGIN, END, main, with_questions
from unit.replay.questions.cases import decision, make_ledger

README = Path(__file__).parents[4] / "README.md"
EACH = pytest.mark.parametrize("question", read_questions(), ids=lambda each: str(each.name))
_WITHOUT = re.compile(r"coalesce\(\s*getvariable\('([a-z_]+)'\)(?:::[A-Z]+)?,\s*([a-z0-9_.]+)\)")


def test_every_file_is_a_question() -> None:
    names = [question.name for question in read_questions()]
    assert sorted(names) == sorted(path.stem for path in QUESTIONS.iterdir())


@EACH
def test_what_it_takes_is_what_its_header_says(question: Question) -> None:
    code = "\n".join(line.split("--")[0] for line in question.sql.splitlines())
    assert set(re.findall(r"getvariable\('([a-z_]+)'\)", code)) == question.takes
    demanded = set(re.findall(r"getvariable\('([a-z_]+)'\),\s*error\(", code))
    assert demanded == set(question.needs)


@EACH
def test_its_defaults_are_those_its_header_names(question: Question) -> None:
    used = dict(_WITHOUT.findall(question.sql))
    written = {
        variable.name: variable.default
        for variable in question.variables
        if variable.default and re.fullmatch(r"[0-9.]+|true|false", variable.default)
    }
    assert used == written


@EACH
def test_it_has_a_test(question: Question) -> None:
    own = Path(__file__).with_name(f"test_{question.name}.py").read_text("utf-8")
    assert f'asked("{question.name}"' in own


@EACH
def test_its_header_says_how_it_is_run(question: Question) -> None:
    header = question.sql.split("\n\n")[0]
    assert f"-f sql/questions/{question.name}.sql" in header
    for name in question.needs:
        assert f"SET VARIABLE {name} = " in header
    assert max(map(len, question.sql.splitlines())) <= 110


def test_without_what_it_needs_it_says_what_to_do(tmp_path: Path) -> None:
    duckdb_cli = shutil.which("duckdb")
    if duckdb_cli is None:
        pytest.skip("the command line of DuckDB is not installed")
    make_ledger(tmp_path / "ledger", [decision("2025-08-01", why=["hour"])])
    for given, code in ((f"SET VARIABLE ledger = 'ledger/{PARTS}'", 0), ("SELECT 1", 1)):
        done = subprocess.run(  # noqa: S603 - our own file, run as its header says
            [duckdb_cli, "-cmd", given, "-csv", "-f", str(QUESTIONS / "patterns.sql")],
            cwd=tmp_path,
            capture_output=True,
            check=False,
            timeout=120,
            text=True,
        )
        assert done.returncode == code
        assert ("say which ledger" in done.stderr) == bool(code)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SELECT 1;",
        "-- other: What?\n-- variables:\n",
        "-- mine: What?\n-- no list of them\n",
    ],
)
def test_a_file_without_a_header_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.sql").write_text(text)
    with pytest.raises(InputError, match="its header does not say what it asks"):
        read_questions(tmp_path)


def test_a_folder_without_questions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no questions there"):
        read_questions(tmp_path)


def test_the_list_goes_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nstale text\n{END}\nafter\n")
    assert main([str(page)]) == 0
    text = page.read_text()
    assert "stale text" not in text
    for question in read_questions():
        assert question.title in text


def test_the_readme_is_not_stale() -> None:
    text = README.read_text("utf-8")
    assert with_questions(text) == text, "run `make readme`"
