"""Logs to be streamed to a scorer that has decided before; names of merchants may be markup."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import polars as pl

from live.scoring import answered, options_of, scoring
from replay.simulate import Settings, simulate
from unit.build.cases import write
from unit.replay.judge.clients import judging

# Each would leave a mark on the page if it were more than text.
HOSTILE: Final = (
    "<script>document.documentElement.dataset.ran = 1</script>",
    '"><img src=x onerror="document.documentElement.dataset.ran = 2">',
)
EARLIER: Final = 1_600
PART: Final = 400

_US: Final = 1_000_000
_MINUTE: Final = 60 * _US
# The first half is of no answer but who is exposed, the second of how many in two hours too.
_LONG_AGO: Final = 150 * _MINUTE
_A_WHILE_AGO: Final = 90 * _MINUTE
_TIMES: Final = (
    ("decisions", "arrival_time"),
    ("decisions", "decided_at"),
    ("decisions", "deadline"),
    ("replies", "at"),
)


def parts(folder: Path, count: int) -> list[Path]:
    """The transactions of before, and of so many parts after them, each a log of its own."""
    rows = EARLIER + count * PART
    settings = Settings(rows=rows, cards=150, days=20, seed=23, fraud_rate=0.1)
    frame = pl.concat(simulate(settings))
    # Of the frauds, which will be flagged for the most part, two of three have such a merchant.
    number = pl.int_range(pl.len()).over("is_fraud") % 3
    merchant = pl.col("merchant")
    for place, name in enumerate(HOSTILE):
        is_one = (pl.col("is_fraud").cast(pl.Int64) == 1) & (number == place)
        merchant = pl.when(is_one).then(pl.lit(name)).otherwise(merchant)
    frame = frame.with_columns(merchant.alias("merchant"))
    lengths = [EARLIER, *[PART] * count]
    starts = [sum(lengths[:place]) for place in range(len(lengths))]
    return [
        write(frame.slice(start, length), folder / f"part-{place}.csv")
        for place, (start, length) in enumerate(zip(starts, lengths, strict=True))
    ]


def decide_earlier(log: Path, run: Path, ledger: Path) -> None:
    """A ledger with decisions of hours ago, as far as it tells."""

    async def decide() -> None:
        async with (
            judging(log) as running,
            scoring(options_of(running.port, run, ledger)) as live,
        ):
            await answered(running, live)

    asyncio.run(decide())
    with closing(sqlite3.connect(ledger)) as connection, connection:
        for table, column in _TIMES:
            connection.execute(
                f"UPDATE {table} SET {column} = {column} - iif(sequence < ?, ?, ?)",  # noqa: S608 - our own text
                (EARLIER // 2, _LONG_AGO, _A_WHILE_AGO),
            )
