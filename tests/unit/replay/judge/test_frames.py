"""The bytes of the stream, fault by fault."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from replay.judge.frames import Frames
from replay.judge.plan import make_plan
from unit.replay.judge.cases import START, faults, journal_of, log_of

COUNT = 40


@contextmanager
def frames_of(
    tmp_path: Path, text: str, *, seed: int = 0, ids: bool = True
) -> Iterator[list[bytes]]:
    chosen = faults(text)
    with journal_of(log_of(tmp_path, COUNT)) as journal:
        plan = make_plan(COUNT, chosen, seed, None)
        frames = Frames(journal, plan, chosen, seed, ids=ids)
        made = [frames.at(place) for place in range(len(plan))]
        assert made == [frames.at(place) for place in range(len(plan))]
        yield made


def data_of(frame: bytes) -> dict[str, Any]:
    (line,) = [line for line in frame.split(b"\n") if line.startswith(b"data: ")]
    found: dict[str, Any] = json.loads(line.removeprefix(b"data: "))
    return found


def test_an_event_is_its_id_and_one_line_of_data(tmp_path: Path) -> None:
    with frames_of(tmp_path, "") as made, journal_of(tmp_path / "log.csv") as journal:
        assert made[0] == b"id: 1\ndata: " + journal[0] + b"\n\n"
        assert made[39] == b"id: 40\ndata: " + journal[39] + b"\n\n"
    with frames_of(tmp_path, "", ids=False) as made:
        assert all(frame.startswith(b"data: {") for frame in made)


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("comment=1", b": a comment, which says nothing\n\n"),
        ("retry=250ms@1", b"retry: 250\n\n"),
        ("ping=1", b'event: ping\ndata: {"alive":true}\n\n'),
        ("long=3kB@1", b"data: " + b"x" * 3000 + b"\n\n"),
    ],
)
def test_what_comes_before_an_event(tmp_path: Path, text: str, before: bytes) -> None:
    with frames_of(tmp_path, text) as made, frames_of(tmp_path, "") as plain:
        assert made == [before + frame for frame in plain]


def test_garbage_is_neither_json_nor_utf8_and_another_each_time(tmp_path: Path) -> None:
    with frames_of(tmp_path, "garbage=1") as made, frames_of(tmp_path, "") as plain:
        garbage = [frame.removesuffix(rest) for frame, rest in zip(made, plain, strict=True)]
    assert len(set(garbage)) == COUNT
    for one in garbage:
        assert one.startswith(b"data: ")
        assert one.endswith(b"\n\n")
        assert b"\n" not in one[:-2]
        assert b"\r" not in one
        with pytest.raises(UnicodeDecodeError):
            one.decode()


def test_a_named_event_is_the_event_all_the_same(tmp_path: Path) -> None:
    with frames_of(tmp_path, "named=1") as made, frames_of(tmp_path, "") as plain:
        assert made == [b"event: transaction\n" + frame for frame in plain]


def test_the_clock_goes_back_for_all_that_follow(tmp_path: Path) -> None:
    with frames_of(tmp_path, "clock-back=1h@1") as made, frames_of(tmp_path, "") as plain:
        for number, (frame, before) in enumerate(zip(made, plain, strict=True)):
            behind = 3600 * (number + 1)
            assert data_of(frame) == data_of(before) | {"unix_time": START + number - behind}


def test_a_field_is_missing_or_wrong_and_not_always_the_same(tmp_path: Path) -> None:
    with frames_of(tmp_path, "") as plain:
        events = [data_of(frame) for frame in plain]
    with frames_of(tmp_path, "missing=1") as made:
        gone = [set(event) - set(data_of(frame)) for event, frame in zip(events, made, strict=True)]
        assert all(
            data_of(frame).items() <= event.items()
            for event, frame in zip(events, made, strict=True)
        )
    assert all(len(one) == 1 for one in gone)
    assert 10 < len(set.union(*gone)) <= 24
    assert "trans_num" not in set.union(*gone)
    with frames_of(tmp_path, "wrong=1") as made:
        for event, frame in zip(events, made, strict=True):
            found = data_of(frame)
            changed = [name for name in event if event[name] != found[name]]
            assert len(changed) == 1
            assert found[changed[0]] == [{"?": "\x00"}]
            assert list(found) == list(event)


def test_unknown_fields_are_additions(tmp_path: Path) -> None:
    with frames_of(tmp_path, "unknown=1") as made, frames_of(tmp_path, "") as plain:
        for frame, before in zip(made, plain, strict=True):
            event = data_of(frame)
            assert set(event) - set(data_of(before)) == {"risk_hint", "channel"}
            assert event.items() >= data_of(before).items()


def test_all_at_once_is_still_one_event(tmp_path: Path) -> None:
    text = "comment=1,retry=1,ping=1,garbage=1,long=1kB@1,named=1,unknown=1,missing=1,clock-back=1"
    with frames_of(tmp_path, text, seed=3) as made:
        for number, frame in enumerate(made):
            *before, event, end = frame.split(b"\n\n")
            assert (len(before), end) == (5, b"")
            assert data_of(event)["trans_num"] == f"event-{number}"
