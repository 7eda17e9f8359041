"""Labels: what is read, and that nothing else passes for one."""

import polars as pl
import pytest

from engine.errors import InputError
from engine.model.labels import UNLABELLED, read_labels, require_both_classes


@pytest.mark.parametrize(
    "column",
    [
        pl.Series("is_fraud", [1, 0, 1]),
        pl.Series("is_fraud", [1.0, 0.0, 1.0]),
        pl.Series("is_fraud", [True, False, True]),
        pl.Series("is_fraud", ["1", "0", "1"]),
        pl.Series("is_fraud", ["true", "FALSE", " True "]),
        pl.Series("is_fraud", ["t", "F", "T"]),
        pl.Series("is_fraud", ["yes", "No", "Y"]),
        pl.Series("is_fraud", ["t", "f", "t"], dtype=pl.Categorical),
    ],
)
def test_forms_that_are_read(column: pl.Series) -> None:
    assert read_labels(column, "file").tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("column", "was"),
    [
        (pl.Series("is_fraud", [1.0, float("nan"), 0.0]), "nan"),
        (pl.Series("is_fraud", [1, 2, 0]), "2"),
        (pl.Series("is_fraud", [1.0, 0.5, 0.0]), "0.5"),
        (pl.Series("is_fraud", ["1", "maybe", "0"]), "'maybe'"),
        (pl.Series("is_fraud", ["1", "", "0"]), "''"),
    ],
)
def test_anything_else_is_an_error_and_not_a_zero(column: pl.Series, was: str) -> None:
    with pytest.raises(InputError) as refused:
        read_labels(column, "features.parquet")
    what, hint = str(refused.value).splitlines()
    assert "features.parquet: 1 of 3 rows" in what
    assert f"row 2 (was {was})" in what
    assert hint.startswith("hint: labels are 1/0")


@pytest.mark.parametrize(
    "column",
    [
        pl.Series("is_fraud", [1, None, 0]),
        pl.Series("is_fraud", [True, None, False]),
        pl.Series("is_fraud", ["yes", None, "no"]),
    ],
)
def test_a_null_is_none_of_both(column: pl.Series) -> None:
    assert read_labels(column, "file").tolist() == [1, UNLABELLED, 0]


def test_the_row_that_is_named_is_that_of_the_file() -> None:
    with pytest.raises(InputError, match=r"1 of 4 rows .* row 3 \(was 'maybe'\)"):
        read_labels(pl.Series("is_fraud", [None, "1", "maybe", None]), "file")


def test_a_column_of_another_kind_holds_no_labels() -> None:
    with pytest.raises(InputError, match="cannot hold labels"):
        read_labels(pl.Series("is_fraud", [[1], [0]]), "file")


@pytest.mark.parametrize(("labels", "words"), [([0, 0], "no fraud"), ([1, 1], "nothing but fraud")])
def test_one_class_only(labels: list[int], words: str) -> None:
    with pytest.raises(InputError, match=words):
        require_both_classes(pl.Series(labels, dtype=pl.Int8).to_numpy(), "the test part")
