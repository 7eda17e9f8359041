"""Functions of text that remember what they have seen."""

import polars as pl

from engine.backends.polars.text import NULL, TextMemo


def lengths(texts: pl.Series) -> pl.Series:
    return texts.str.len_bytes().cast(pl.Int64)


def categorical(*texts: str | None) -> pl.Series:
    return pl.Series(texts, dtype=pl.String).cast(pl.Categorical)


def test_what_was_remembered_outlives_the_text_it_was_learnt_from() -> None:
    memo = TextMemo(lengths)
    assert memo.numbers(categorical("a", None, "bbb")).tolist() == [1, NULL, 3]
    # Of that batch nothing is alive any more; polars would now give its codes to other text.
    assert memo.numbers(categorical("cccc", "a")).tolist() == [4, 1]


def test_each_distinct_text_is_looked_at_once() -> None:
    seen: list[str] = []

    def note(texts: pl.Series) -> pl.Series:
        seen.extend(texts)
        return lengths(texts)

    memo = TextMemo(note)
    for batch in (categorical("a", "b", "a"), categorical("b", "c"), categorical(None)):
        memo.numbers(batch)
    assert seen == ["a", "b", "c"]
