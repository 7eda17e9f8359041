"""What INPUT arguments mean."""

from pathlib import Path

import pytest

from engine.errors import InputError
from engine.events.inputs import Results, find_inputs


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in (
        "b.csv",
        "a.parquet",
        "deep/er/c.TXT",
        "deep/d.csv.gz",
        "e.pq",
        "notes.md",
        ".hidden.csv",
        "_SUCCESS.csv",
        "_temporary/f.csv",
        "deep/.g/h.csv",
        "[odd].csv",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return tmp_path


def names(tree: Path, *args: str) -> list[str]:
    found = find_inputs([str(tree / arg) for arg in args])
    return [str(file.path.relative_to(tree)) for file in found]


def test_a_folder_is_all_inputs_below_it_by_path(tree: Path) -> None:
    assert names(tree, ".") == [
        "[odd].csv",
        "a.parquet",
        "b.csv",
        "deep/d.csv.gz",
        "deep/er/c.TXT",
        "e.pq",
    ]


def test_kinds_go_by_name(tree: Path) -> None:
    found = find_inputs([str(tree)])
    assert [file.kind for file in found] == ["csv", "parquet", "csv", "csv", "csv", "parquet"]


def test_files_keep_the_order_of_the_arguments_and_are_named_as_given(tree: Path) -> None:
    assert names(tree, "e.pq", "b.csv") == ["e.pq", "b.csv"]
    assert find_inputs([f"{tree}/deep/../b.csv"])[0].name == f"{tree}/deep/../b.csv"


def test_patterns_match_files_and_folders(tree: Path) -> None:
    assert names(tree, "*.p*") == ["a.parquet", "e.pq"]
    assert names(tree, "**/*.csv*") == ["[odd].csv", "b.csv", "deep/d.csv.gz"]
    assert names(tree, "_*/*") == ["_temporary/f.csv"]
    assert names(tree, "d*") == ["deep/d.csv.gz", "deep/er/c.TXT"]
    assert names(tree, "?.*") == ["a.parquet", "b.csv", "e.pq"]


def test_an_existing_path_is_no_pattern(tree: Path) -> None:
    assert names(tree, "[odd].csv") == ["[odd].csv"]


def test_a_file_meant_twice_is_kept_where_it_is_first_meant(tree: Path) -> None:
    assert names(tree, "e.pq", ".", "*.csv")[0] == "e.pq"
    assert len(names(tree, "e.pq", ".", "*.csv")) == len(names(tree, "."))


@pytest.mark.parametrize(
    ("arg", "says"),
    [
        ("none.csv", "no such file or folder"),
        ("*.orc", "nothing readable matches"),
        ("*.md", "nothing readable matches"),
        ("notes.md", "cannot tell what kind"),
        ("deep/.g", None),
        ("_temporary/f.csv", None),
    ],
)
def test_what_is_not_there_is_said(tree: Path, arg: str, says: str | None) -> None:
    if says is None:  # named outright, nothing is passed over
        assert names(tree, arg)
        return
    with pytest.raises(InputError, match=says) as caught:
        names(tree, arg)
    assert "(was " in caught.value.what
    assert caught.value.hint


def test_folders_without_inputs_and_empty_files_are_refused(tree: Path) -> None:
    (tree / "hollow").mkdir()
    with pytest.raises(InputError, match="holds no inputs"):
        names(tree, "hollow")
    (tree / "b.csv").write_text("")
    with pytest.raises(InputError, match=r"b\.csv: the file is empty \(was 0 bytes\)"):
        names(tree, ".")
    with pytest.raises(InputError, match="no input"):
        find_inputs([])


def test_parquet_inside_gzip_is_no_input(tmp_path: Path) -> None:
    (tmp_path / "a.parquet.gz").write_text("x")
    with pytest.raises(InputError, match="cannot tell"):
        names(tmp_path, "a.parquet.gz")


def test_results_of_an_earlier_run_are_no_inputs(tree: Path) -> None:
    results = Results(tree / "deep" / "er", ("c.TXT",))
    for arg in (".", "deep", "deep/**", "deep/*/*.TXT"):
        if arg == "deep/*/*.TXT":
            with pytest.raises(InputError, match="nothing readable"):
                find_inputs([str(tree / arg)], results)
        else:
            found = [file.path.name for file in find_inputs([str(tree / arg)], results)]
            assert "c.TXT" not in found
            assert "d.csv.gz" in found
    (tree / "deep" / "er" / "mine.csv").write_text("x")
    within = find_inputs([str(tree / "deep" / "er")], results)
    assert [file.path.name for file in within] == ["mine.csv"]
    assert len(find_inputs([str(tree / "deep" / "er" / "c.TXT")], results)) == 1  # named outright
