"""Feature sets of somebody's own: named by their file, and known again without it."""

import json
import sys
from pathlib import Path
from signal import SIGINT

import pytest

from engine.catalog import SETS, load_feature_set, notebook, set_of, told_of
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


def test_one_of_a_name_that_is_taken_is_its_own(file: Path) -> None:
    file.write_text(MINE.replace('"mine"', '"notebook"'))
    features = load_feature_set(f"{file}:my_set")
    assert set_of(told_of(features)) == features != notebook


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
