"""Feature sets of somebody's own: named by their file, and known again without it."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from signal import SIGINT

import pytest

from engine.catalog import SETS, load_feature_set, notebook, option_of, set_of, told_of
from engine.command import EXIT_INTERRUPTED, EXIT_REFUSED
from engine.definition import fingerprint
from engine.errors import DefinitionError
from processes import PATIENCE_SECONDS, started

MINE = """\
from engine.definition import POS, column, feature, feature_set, key

large = key("cc_num").last(days=30).where(column("amt") > 200).count()
my_set = feature_set("mine", POS, [feature("large_30d", large, "large amounts in 30 days")])
"""
BAD_NAME = """\
from engine.definition import POS, feature, feature_set, key

made = feature_set(
    "bad", POS, [feature("no name", key("cc_num").last(days=1).count(), "a day's events")]
)
"""


UNVERIFIED = """\
from engine.definition import POS, FeatureSet

mine = FeatureSet("mine", POS, (1, 2))
"""
MUTE = """\
class Mute(Exception):
    def __str__(self):
        raise ValueError("nothing to say")

raise Mute
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my_features.py"
    path.write_text(MINE)
    return path


def test_a_set_is_named_by_its_file(file: Path) -> None:
    found = load_feature_set(f"{file}:my_set")
    assert (found.name, found.names) == ("mine", ("large_30d",))
    assert load_feature_set(str(file)) == found  # the only one there
    assert load_feature_set("notebook") is notebook


def test_what_lies_beside_the_file_is_imported(tmp_path: Path) -> None:
    (tmp_path / "keys_of_mine.py").write_text('CARD = "cc_num"\n')
    file = tmp_path / "my_features.py"
    file.write_text(f"from keys_of_mine import CARD\n{MINE}".replace('key("cc_num")', "key(CARD)"))
    before = list(sys.path)
    assert load_feature_set(f"{file}:my_set").names == ("large_30d",)
    assert sys.path == before


@pytest.mark.parametrize(
    ("content", "name", "said", "hint"),
    [
        (MINE, ":other", "no feature set of that name (was 'other', not there)", "name one of: "),
        (MINE, ":large", "of that name (was 'large', of type Aggregate)", ":my_set"),
        (MINE, ":", "no feature set of that name (was '', not there)", ":my_set"),
        ("", "", "there is no feature set in it (was none)", "feature_set(…)"),
        (f"{MINE}other = my_set\n", "", "set is meant (was 2 of them)", ":my_set, "),
        (f"{MINE}import sys\nsys.exit(0)\n", "", "line 6: the file ends the program", "mend"),
        ("x = '\0'\n", ":x", "not Python (was: ", ""),
        ("x = 1\ny = (\n", ":y", "line 2: not Python", "mend that line"),
        ("x = 1\n\ny = x / 0\n", ":y", "line 3: the file fails (was ZeroDivisionError", "mend"),
        (BAD_NAME, ":made", "line 3: feature 'no name' of 'bad': a name is", "column's name"),
        ("import nothing_like_that\n", "", "line 1: the file fails (was ModuleNotFound", "mend"),
        (UNVERIFIED, "", ": feature set 'mine' has nothing but features (was 1)", "feature(…)"),
        (MUTE, ":my_set", "line 5: the file fails (was Mute)", "mend that line"),
        ("(" * 5_000, "", "line 1: not Python (was: too many nested", "mend that line"),
        (f"x = {'-' * 100_000}1\n", "", ": nested too deep for Python (was ", "several steps"),
        (f"eval({'1 +'!r})\n", "", "line 1: the file fails (was SyntaxError: invalid", "mend"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, content: str, name: str, said: str, hint: str
) -> None:
    file = tmp_path / "my_features.py"
    file.write_text(content)
    with pytest.raises(DefinitionError) as refused:
        load_feature_set(f"{file}{name}")
    assert str(file) in refused.value.what
    assert said in refused.value.what
    assert hint in refused.value.hint


def test_lines_are_told_however_the_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_features.py").write_text(BAD_NAME)
    (tmp_path / "sets").mkdir()
    (tmp_path / "again.py").symlink_to("my_features.py")
    monkeypatch.chdir(tmp_path)
    for name in ("my_features.py", "./my_features.py", "sets/../my_features.py", "again.py"):
        with pytest.raises(DefinitionError, match=r"(my_features|again)\.py, line 3: "):
            load_feature_set(f"{name}:made")


def test_a_line_beside_the_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "helper_of_mine.py").write_text("\ndef made():\n    return 1 / 0\n")
    file = tmp_path / "my_features.py"
    file.write_text("import helper_of_mine\nhelper_of_mine.made()\n")
    with pytest.raises(DefinitionError, match=r"helper_of_mine\.py, line 3: the file fails"):
        load_feature_set(str(file))
    del sys.modules["helper_of_mine"]


def test_a_line_that_is_not_python_is_told_of_what_is_imported_too(tmp_path: Path) -> None:
    helper = tmp_path / "broken_helper_of_mine.py"
    file = tmp_path / "my_features.py"
    file.write_text("import broken_helper_of_mine\n")
    helper.write_text("x = 1\ny = (\n")
    with pytest.raises(DefinitionError) as refused:
        load_feature_set(str(file))
    assert refused.value.what.startswith(f"{helper}, line 2: not Python (was: ")
    assert refused.value.hint == "mend that line"


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x = '\xe4'\n", b"# coding: nowhere\n"])
def test_bytes_that_are_no_text_have_no_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "enc.py"
    file.write_bytes(content)
    with pytest.raises(DefinitionError) as refused:
        load_feature_set(str(file))
    assert refused.value.what.startswith(f"{file}: not Python (was: ")
    assert "UTF-8" in refused.value.hint


def test_what_an_error_says_is_told_in_a_line_and_in_bounds(tmp_path: Path) -> None:
    file = tmp_path / "my_features.py"
    file.write_text("raise ValueError('a\\n\\x1b[2Jb' + 'c' * 100_000)\n")
    with pytest.raises(DefinitionError) as refused:
        load_feature_set(str(file))
    told = refused.value.what.partition("fails ")[2]
    assert told.startswith("(was ValueError: a [2Jbccc")
    assert told.endswith("ccc…)")
    assert len(told) < 250


def test_it_is_run_as_python_runs_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "my_features.py"
    file.write_text(
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "@dataclass\nclass Length:\n    days: int\n"
        f"print('read')\n{MINE}".replace("days=30", "days=Length(30).days")
    )
    assert load_feature_set(f"{file}:my_set").names == ("large_30d",)
    assert capsys.readouterr() == ("", "read\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["my_features.py"]


def test_it_can_be_interrupted_while_it_runs(tmp_path: Path) -> None:
    file = tmp_path / "my_features.py"
    file.write_text("print('begun', flush=True)\nwhile True:\n    pass\n")
    command = [sys.executable, "-m", "engine.sql", "--set", str(file), "--out", str(tmp_path)]
    with started(command) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == b"begun\n"
        process.send_signal(SIGINT)
        assert process.wait(PATIENCE_SECONDS) == EXIT_INTERRUPTED


def test_threads_are_set_before_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POLARS_MAX_THREADS", raising=False)
    file = tmp_path / "my_features.py"
    file.write_text(f"import polars as pl\nprint(pl.thread_pool_size())\n{MINE}")
    arguments = [str(tmp_path / "no.csv"), "--set", f"{file}:my_set", "--threads", "1"]
    for command in (["engine.build", *arguments, "--out", "x"], ["engine.skew", *arguments]):
        with started([sys.executable, "-m", *command]) as process:
            assert process.stderr is not None
            assert process.stderr.readline() == b"1\n"
            assert process.wait(PATIENCE_SECONDS) == EXIT_REFUSED


@pytest.mark.parametrize("name", ["nowhere.py:my_set", "nowhere.py", "a.py:b.py:c"])
def test_a_file_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(DefinitionError, match="there is no such file"):
        load_feature_set(name)


def test_who_forgets_the_ending_is_told() -> None:
    with pytest.raises(DefinitionError) as refused:
        load_feature_set("my/features:mine")
    assert refused.value.hint.endswith("such as my/features.py:mine")


def test_what_comes_with_the_project_is_told_by_name() -> None:
    for features in SETS.values():
        told = told_of(features)
        assert told == {"feature_set": features.name, "fingerprint": fingerprint(features)}
        assert set_of(told) is features


def test_what_does_not_is_told_whole(file: Path) -> None:
    features = load_feature_set(f"{file}:my_set")
    told = json.loads(json.dumps(told_of(features)))
    file.unlink()
    found = set_of(told)
    assert found == features
    assert fingerprint(found) == told["fingerprint"]


@pytest.mark.parametrize("name", ["notebook", "Pos"])
def test_one_of_a_name_that_is_taken_is_refused(file: Path, name: str) -> None:
    file.write_text(MINE.replace('"mine"', f'"{name}"'))
    with pytest.raises(DefinitionError, match="comes with the project has that name") as refused:
        load_feature_set(f"{file}:my_set")
    assert refused.value.what.endswith(f"(was {name!r})")
    assert "another name" in refused.value.hint


def test_one_that_comes_with_the_project_may_be_named_by_a_file(file: Path) -> None:
    file.write_text("from engine.catalog import notebook\n")
    assert load_feature_set(str(file)) is notebook


def test_how_a_command_line_names_a_set(file: Path) -> None:
    mine = load_feature_set(str(file))
    assert option_of(mine) == "--set FILE.py:NAME, naming the file that defines mine"
    assert option_of(notebook) == "--set notebook"
    # Of what was trained without some features there is no file.
    few = replace(notebook, features=notebook.features[3:])
    assert option_of(few) == "--set notebook"
    assert option_of(replace(few, name="pos")).startswith("--set FILE.py:NAME, ")


def test_what_is_told_of_another_is_refused(file: Path) -> None:
    told = told_of(load_feature_set(f"{file}:my_set"))
    for wrong, said in (
        ({"feature_set": "nobody's"}, "definitions are of another feature set"),
        ({"definitions": {"format": 0}}, "in a format that this code does not know"),
        ({"definitions": [1]}, "not a written feature set"),
        ({"definitions": None}, "no such feature set"),
    ):
        with pytest.raises(DefinitionError, match=said):
            set_of(told | wrong)
