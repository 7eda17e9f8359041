"""From a file to what goes over the wire: values as they are, labels apart."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from engine.errors import InputError, OutputError
from engine.events.training_file import TRAINING_COLUMNS
from replay.judge.wire import NUMBERS
from unit.replay.judge.cases import START, journal_of, row, write_log


def sent(path: Path, **options: bool) -> list[dict[str, Any]]:
    with journal_of(path, **options) as journal:
        return [json.loads(journal[number]) for number in range(len(journal))]


def test_an_event_says_all_but_the_label(tmp_path: Path) -> None:
    rows = [row(1), row(2)]
    path = write_log(tmp_path / "log.csv", rows)
    with journal_of(path) as journal:
        first = journal[0]
    assert list(json.loads(first)) == [
        "trans_num",
        *(name for name in TRAINING_COLUMNS if name not in {"trans_num", "is_fraud"}),
    ]
    # Numbers keep their decimals; what JSON takes for no number is text.
    assert b'"amt":12.50,' in first
    assert b'"lat":10.5000,' in first
    assert b'"zip":"01234",' in first
    assert b'"acct_num":"00123",' in first
    assert json.loads(first)["merchant"] == rows[0]["merchant"]
    assert [event["unix_time"] for event in sent(path)] == [START + 1, START + 2]


def test_numbers_are_strings_on_demand(tmp_path: Path) -> None:
    rows = [row(1)]
    (event,) = sent(write_log(tmp_path / "log.csv", rows), strings=True)
    assert {name: event[name] for name in NUMBERS} == {name: rows[0][name] for name in NUMBERS}


@pytest.mark.parametrize("value", ["abc", "1e5x", "-", "+5", ".5", "nan", "1\t2", "\x01\x1f", "ü€"])
def test_odd_values_go_through_unchanged(tmp_path: Path, value: str) -> None:
    (event,) = sent(write_log(tmp_path / "log.csv", [row(1, amt=value, city=value)]))
    assert event["amt"] == event["city"] == value


def test_an_empty_field_is_null(tmp_path: Path) -> None:
    (event,) = sent(write_log(tmp_path / "log.csv", [row(1, amt="", city="")]))
    assert (event["amt"], event["city"]) == (None, None)


@pytest.mark.parametrize("value", ["0", "-0.0", "1E+5", "10.00", "9223372036854775808"])
def test_json_numbers_go_through_as_they_are_written(tmp_path: Path, value: str) -> None:
    with journal_of(write_log(tmp_path / "log.csv", [row(1, amt=value)])) as journal:
        assert f'"amt":{value},'.encode() in journal[0]


def test_labels_are_kept_apart(tmp_path: Path) -> None:
    values = ["0", "1", "", "1.0", "maybe"]
    path = write_log(tmp_path / "log.csv", [row(n, is_fraud=v) for n, v in enumerate(values)])
    with journal_of(path) as journal:
        assert journal.labels.tolist() == [0, 1, -1, 1, -1]
        assert all(b"fraud" not in journal[n].replace(b"fraud_Say", b"") for n in range(5))


def test_an_event_has_one_id_whatever_columns_a_file_has(tmp_path: Path) -> None:
    rows = [row(1), row(2, trans_num=""), row(3, trans_num="", transaction_id=" ")]
    path = write_log(tmp_path / "log.csv", rows)
    with journal_of(path) as journal:
        assert journal.numbers == {"event-1": 0, "other-2": 1}
        assert journal.unreadable == 1
        assert json.loads(journal[1])["trans_num"] == "other-2"
    renamed = [{{"trans_num": "profile"}.get(k, k): v for k, v in one.items()} for one in rows]
    (first, *_) = sent(write_log(tmp_path / "log.csv", renamed))
    assert first["trans_num"] == "event-1"
    assert "profile" not in first


def test_parquet_is_sent_like_text(tmp_path: Path) -> None:
    times = [datetime.fromtimestamp(START, UTC).replace(tzinfo=None), None]
    frame = pl.DataFrame(
        {
            "transaction_id": ["a", "b"],
            "cc_num": [4111111111111111, 2**63 - 1],
            "unix_time": times,
            "amt": [0.1, None],
            "merchant": ["m", None],
            "is_fraud": [True, None],
            "label_time": [START, START],
            "lat": [1e-7, float("inf")],
        }
    )
    frame.write_parquet(tmp_path / "log.parquet")
    path = tmp_path / "log.parquet"
    first, second = sent(path)
    assert first == {
        "trans_num": "a",
        "cc_num": 4111111111111111,
        "lat": 1e-7,
        "unix_time": START,
        "amt": 0.1,
        "merchant": "m",
        "transaction_id": "a",
    }
    assert second == first | {
        "trans_num": "b",
        "transaction_id": "b",
        "cc_num": 2**63 - 1,
        "lat": "inf",
        "unix_time": None,
        "amt": None,
        "merchant": None,
    }
    with journal_of(path) as journal:
        assert journal.labels.tolist() == [1, -1]


def test_an_id_that_comes_again_is_the_event_it_was(tmp_path: Path) -> None:
    path = write_log(tmp_path / "log.csv", [row(1), row(2), row(1, amt="99.00")])
    with journal_of(path) as journal:
        assert journal.first.tolist() == [0, 1, 0]
        assert b'"amt":99.00' in journal[2]


def test_the_first_events_alone(tmp_path: Path) -> None:
    path = write_log(tmp_path / "log.csv", [row(number) for number in range(9)])
    with journal_of(path, most=4) as journal:
        assert list(journal.numbers) == [f"event-{number}" for number in range(4)]


def test_lines_that_are_none_are_counted(tmp_path: Path) -> None:
    path = write_log(tmp_path / "log.csv", [row(1), row(2)])
    path.write_text(path.read_text() + "half|a|line\n")
    with journal_of(path) as journal:
        assert (len(journal), journal.unreadable) == (2, 1)


def test_nothing_to_send_is_refused_and_scratch_is_gone(tmp_path: Path) -> None:
    path = write_log(tmp_path / "log.csv", [row(1, trans_num="", transaction_id="")])
    with pytest.raises(InputError, match="no event to send"), journal_of(path):
        pass
    assert [one.name for one in tmp_path.iterdir()] == ["log.csv"]
    with pytest.raises(OutputError, match="cannot be written"):
        sent_elsewhere(path, tmp_path / "nowhere")


def sent_elsewhere(path: Path, scratch: Path) -> None:
    from replay.judge.journal import read_journal

    with read_journal(str(path), strings=False, most=None, scratch=scratch, quiet=True):
        pass
