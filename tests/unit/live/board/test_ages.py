"""Ages are those that DuckDB makes of the same texts."""

import random
from datetime import date

import duckdb
import polars as pl
import pytest

from engine.live.board.ages import ages, birthday

_SQL = """\
SELECT CASE
    WHEN years IS NULL THEN 'unknown'
    WHEN years < 20    THEN 'under 20'
    WHEN years >= 80   THEN '80 and over'
    ELSE format('{} to {}', years // 10 * 10, years // 10 * 10 + 9)
END
FROM (SELECT n, date_sub('year', try_cast(born AS DATE), day) AS years FROM frame) ORDER BY n"""


def in_duckdb(frame: pl.DataFrame) -> list[str]:
    with duckdb.connect() as connection:
        connection.register("frame", frame.with_row_index("n").to_arrow())
        return [row[0] for row in connection.sql(_SQL).fetchall()]


def assert_as_in_duckdb(texts: list[str | None], days: list[date]) -> None:
    frame = pl.DataFrame(
        {"born": [text for text in texts for _ in days], "day": days * len(texts)},
        schema={"born": pl.String, "day": pl.Date},
    )
    found = ages(frame["born"], frame["day"]).to_list()
    wrong = [
        (*row, ours, theirs)
        for row, ours, theirs in zip(frame.rows(), found, in_duckdb(frame), strict=True)
        if ours != theirs
    ]
    assert not wrong


def test_ages_of_dates() -> None:
    draw = random.Random(1)  # noqa: S311 - nothing secret
    texts: list[str | None] = [
        date(draw.randrange(1, 2030), draw.randrange(1, 13), draw.randrange(1, 29)).isoformat()
        for _ in range(2_000)
    ]
    days = [date(2025, 8, 1), date(2024, 2, 29), date(2025, 2, 28), date(2000, 1, 1)]
    assert_as_in_duckdb(texts, days)


def test_who_was_born_on_a_leap_day() -> None:
    born = ["2004-02-29", "1996-02-29", "2004-02-28", "2004-03-01", "2004/2/29"]
    days = [date(year, *day) for year in (2023, 2024, 2025) for day in ((2, 28), (3, 1))]
    assert_as_in_duckdb([*born], [*days, date(2024, 2, 29), date(2100, 2, 28)])


def test_texts_of_all_kinds() -> None:
    draw = random.Random(2)  # noqa: S311 - nothing secret
    years = ("1990", "90", "2004", "0001", "0", "-5", "12345", "01950", "2030", "1900", "x")
    marks, suffixes = "-/\\ .", ("", "", " ", "\t\n", "x", "T00:00", " 9:05:07.25", " 24:10")
    ends = (*suffixes, " (BC)", "(BC)", " (bc)", " 10:61", "T10", "Z", "1")
    texts: list[str | None] = [
        *("infinity", "-infinity", "epoch", " EPOCH ", "", "?", "today", "19900203", None)
    ]
    for _ in range(5_000):
        mark = draw.choice(marks)
        other = mark if draw.random() < 0.9 else draw.choice(marks)
        month, day = (
            draw.choice(["1", "02", "12", "13", "0", "002"]),
            draw.choice(["1", "28", "29", "30", "31", "32", "00", "007"]),
        )
        year, lead = draw.choice(years), draw.choice(["", "", "", " ", "\n", "+"])
        texts.append(f"{lead}{year}{mark}{month}{other}{day}{draw.choice(ends)}")
    assert_as_in_duckdb(texts, [date(2025, 8, 1)])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1984/5/6", (1984, 5, 6)),
        ("1984-05-06 10:30:00", (1984, 5, 6)),
        ("0044-03-15 (BC)", (-43, 3, 15)),
        ("1984-05/06", None),
        ("1990-02-30", None),
        ("१९८४-०५-०६", None),
    ],
)
def test_a_birthday(text: str, expected: tuple[int, int, int] | None) -> None:
    assert birthday(text) == expected
