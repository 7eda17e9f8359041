"""Decisions exported are those that were recorded, in the form that a replay records."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engine.catalog import notebook
from engine.decide.records import record_schema
from engine.errors import InputError
from engine.live.ledger import export
from engine.live.ledger.export import Span, decision_frames, extent
from engine.live.ledger.reader import reading
from engine.live.ledger.rows import Batch, packed, unpacked
from engine.model.feature_values import FeatureValues, values_of_rows
from engine.model.reasons import Reason
from unit.live.ledger.cases import (
    ABOUT,
    BEGAN,
    MODEL,
    SECOND,
    WIDTH,
    decision,
    fallback,
    opened,
    record,
)

# Values whose bits are easily lost: both zeros, the least, NaN of another kind, a third.
_ODD = np.array([0.0, -0.0, 5e-324, np.nan, np.inf, 1 / 3, 0.1 + 0.2], dtype=np.float64)
_ODD_NAN = np.array([0x7FF8_0000_0000_0123], dtype=np.uint64).view(np.float64)


def frames(path: Path, span: Span | None = None, **options: bool) -> pl.DataFrame:
    with reading(path) as reader:
        there = extent(reader, span or Span())
        return pl.concat(decision_frames(reader, notebook, span or Span(), there, **options))


def test_bits_are_those_that_were_recorded(tmp_path: Path) -> None:
    values = np.resize(np.concatenate([_ODD, _ODD_NAN]), (5, WIDTH))
    scores = [0.0, 1.0, 5e-324, 1 / 3, 0.1 + 0.2]
    with opened(tmp_path / "live.db") as ledger:
        ledger.enrol(MODEL)
        rows = zip(packed(FeatureValues(values)), scores, strict=True)
        made = [decision(n, features=f, score=s) for n, (f, s) in enumerate(rows)]
        ledger.record(Batch(made))
    found = frames(tmp_path / "live.db")
    assert found.schema == pl.Schema(record_schema(notebook))
    unnested = found["features"].struct.unnest().to_numpy()
    assert np.array_equal(unnested.view(np.uint64), values.view(np.uint64))
    assert np.array_equal(
        found["score"].to_numpy().view(np.uint64), np.array(scores).view(np.uint64)
    )


def test_texts_are_kept_as_they_are() -> None:
    numbers = np.resize(np.concatenate([_ODD, _ODD_NAN]), (4, 5))
    rows = [[*row] for row in numbers.tolist()]
    texts = [("", None), ('a|"é😀', "b"), (None, None), ("z" * 300, "a")]
    for row, (row[1], row[4]) in zip(rows, texts, strict=True):
        assert len(row) == 5
    values = values_of_rows(rows, 5, (1, 4))
    blobs = packed(values)
    assert not any(name in blobs[0] for name in (b"z", b"b"))  # each has its own alone
    found = unpacked(blobs, 5, (1, 4))
    assert [found.texts(column) for column in (1, 4)] == [
        list(one) for one in zip(*texts, strict=True)
    ]
    others = [0, 2, 3]
    bits = [each.numbers[:, others].view(np.uint64) for each in (found, values)]
    assert np.array_equal(*bits)
    assert len(unpacked([], 5, (1, 4))) == 0


@pytest.mark.parametrize(
    "said", [b"", b"[]", b'["a"]', b'["a",1]', b'["a","b","c"]', b"{}", b'["a","b"']
)
def test_texts_that_are_none_are_damage(said: bytes) -> None:
    (blob,) = packed(values_of_rows([(1.0, "a", "b")], 3, (1, 2)))
    assert blob[24:] == b'["a","b"]'
    with pytest.raises(ValueError, match=r"."):
        unpacked([blob[:24] + said], 3, (1, 2))


def test_what_else_a_decision_says(tmp_path: Path) -> None:
    event = (
        '{"cc_num":9999999999999999999,"unix_time":1758834000,"amt":1250,"merchant":"é \\"q\\"",'
        '"city":"not of the feature set","lat":-0.1}'
    )
    with opened(tmp_path / "live.db") as ledger:
        ledger.enrol(MODEL)
        ledger.enrol(MODEL._replace(sha256="cd" * 32, threshold=0.75))
        ledger.record(
            Batch(
                [
                    decision(3, event=event, flagged=1, arrival_time=BEGAN + 999_999),
                    decision(5, model=2),
                ]
            )
        )
        ledger.reasons([(3, [Reason("log_amt", 1 / 3, "much"), Reason("hour", 0.1, "late")])])
    flagged, plain = frames(tmp_path / "live.db").to_dicts()
    assert [flagged[name] for name in ("sequence", "arrival_time", "event_id", "flagged")] == [
        3,
        BEGAN // SECOND,
        "e3",
        1,
    ]
    assert {name: value for name, value in flagged["event"].items() if value is not None} == {
        "cc_num": 9_999_999_999_999_999_999,
        "unix_time": 1_758_834_000,
        "amt": 1_250,
        "merchant": 'é "q"',
        "lat": -0.1,
    }
    assert flagged["reasons"] == [
        {"feature": "log_amt", "contribution": 1 / 3, "words": "much"},
        {"feature": "hour", "contribution": 0.1, "words": "late"},
    ]
    assert plain["reasons"] == []
    assert [(row["model"], row["threshold"]) for row in (flagged, plain)] == [
        (MODEL.sha256, 0.5),
        ("cd" * 32, 0.75),
    ]
    assert flagged["feature_set"] == ABOUT.fingerprint


def test_fallbacks_are_there_if_they_are_asked_for(tmp_path: Path) -> None:
    with opened(tmp_path / "live.db") as ledger:
        ledger.enrol(MODEL)
        ledger.record(Batch([decision(0), fallback(1, flagged=1), decision(2, fallback="late")]))
    path = tmp_path / "live.db"
    assert frames(path)["sequence"].to_list() == [0]
    everything = frames(path, fallbacks=True)
    assert everything["sequence"].to_list() == [0, 1, 2]
    row = everything.row(1, named=True)
    assert [row[name] for name in ("event", "features", "score", "threshold", "model")] == [
        None
    ] * 5
    assert (row["flagged"], row["reasons"]) == (1, [])


@pytest.mark.parametrize("part_rows", [1, 2, 3, 100])
def test_a_span_is_cut_into_parts_and_what_comes_later_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part_rows: int
) -> None:
    monkeypatch.setattr(export, "PART_ROWS", part_rows)
    began = BEGAN // SECOND
    span = Span(began + 2, began + 5)
    with opened(tmp_path / "live.db") as ledger:
        record(ledger, range(4))
        # A clock that jumped back: by place it comes after, by arrival it lies inside.
        ledger.record(Batch([decision(4, arrival_time=BEGAN + 20 * SECOND)]))
        ledger.record(Batch([decision(5, arrival_time=BEGAN + 6 * SECOND - 1)]))
        with reading(tmp_path / "live.db") as reader:
            there = extent(reader, span)
            assert (there.decisions, there.first, there.last) == (3, 2, 5)
            parts = decision_frames(reader, notebook, span, there)
            first = next(parts)
            record(ledger, [6], arrival_time=BEGAN + 3 * SECOND)
            found = pl.concat([first, *parts])
    assert found["sequence"].to_list() == [2, 3, 5]


def test_damaged_rows_are_told_of(tmp_path: Path) -> None:
    with opened(tmp_path / "live.db") as ledger:
        record(ledger, [0])
        record(ledger, [1], features=b"\0" * 9)
        record(ledger, [2], event="{not JSON")
    began = BEGAN // SECOND
    for at, said in ((1, "features of 9 bytes in 1 rows"), (2, "error")):
        with pytest.raises(InputError, match=f"damaged, or written by something else .*{said}"):
            frames(tmp_path / "live.db", Span(began + at, began + at))
    assert len(frames(tmp_path / "live.db", Span(began, began))) == 1


def test_other_definitions_than_those_it_was_recorded_with_are_refused(tmp_path: Path) -> None:
    with opened(tmp_path / "live.db") as ledger:
        record(ledger, [0])
        ledger._connection.execute("UPDATE about SET value = 'f' WHERE name = 'fingerprint'")
    with pytest.raises(InputError, match="other definitions of notebook"):
        frames(tmp_path / "live.db")
