"""A stream into files: in order, whole, and on from where they end."""

import asyncio
from pathlib import Path
from shutil import rmtree

import pyarrow as pa
import pytest

from engine.errors import InputError
from engine.live.sse import Event
from engine.live.stream import Arrival
from engine.live_spark.bridge import Bridge
from engine.live_spark.lines import NO_LINE, Line, in_order, written
from engine.live_spark.sources import texts_of

OUTBOX = 1_700_000_000_000_000


def texts(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.glob("events-*.json")]


def position(folder: Path) -> bytes:
    return (folder / "_position.json").read_bytes()


async def bridged(folder: Path, *arrivals: Arrival) -> str:
    """Have a bridge write what came; the id that it would go on after."""
    bridge = Bridge(folder, OUTBOX)
    last, said = bridge.last_id, position(folder)
    running = asyncio.create_task(bridge.run())
    before = len(texts(folder))
    for arrival in arrivals:
        await bridge.take(arrival)
    while arrivals and len(texts(folder)) == before:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    while arrivals and position(folder) == said:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    running.cancel()
    return last


def event(number: int, name: str = "message") -> Event:
    return Event(name, str(number), b'{"n": %d}' % number)


def test_events_are_lines_in_order_and_signs_of_life_are_none(tmp_path: Path) -> None:
    folder = tmp_path / "events"
    came = Arrival([event(1), event(2, "ping"), Event("message", "3", None)], 0.0, 77)
    assert asyncio.run(bridged(folder, came, Arrival([event(4)], 0.0, 78))) == ""
    first = int(next(folder.glob("events-*.json")).stem.partition("-")[2])
    assert in_order(texts(folder)) == [
        Line(first, 77, '{"n": 1}', "1"),
        Line(first + 1, 77, None, "3"),
        Line(first + 2, 78, '{"n": 4}', "4"),
    ]
    assert asyncio.run(bridged(folder, Arrival([event(5)], 0.0, 79))) == "4"
    last = in_order(texts(folder))[-1]
    assert last.offset > first + 2
    assert last == Line(last.offset, 79, '{"n": 5}', "5")


def test_it_goes_on_after_files_that_are_gone_and_those_that_nobody_has_told_of(
    tmp_path: Path,
) -> None:
    asyncio.run(bridged(tmp_path, Arrival([event(1), event(2)], 0.0, 1)))
    said = position(tmp_path)
    asyncio.run(bridged(tmp_path, Arrival([event(3)], 0.0, 1)))
    (tmp_path / "_position.json").write_bytes(said)
    assert asyncio.run(bridged(tmp_path)) == "3"
    for path in tmp_path.glob("events-*.json"):
        path.unlink()
    assert asyncio.run(bridged(tmp_path)) == "3"


def test_names_do_not_come_again_when_the_folder_is_lost(tmp_path: Path) -> None:
    names: list[str] = []
    for _ in range(3):
        folder = tmp_path / "events"
        assert asyncio.run(bridged(folder, Arrival([event(1)], 0.0, 1))) == ""
        names += [path.name for path in folder.glob("events-*.json")]
        rmtree(folder)
    assert names == sorted(set(names))


def test_a_place_is_never_lower_though_the_clock_is(tmp_path: Path) -> None:
    far = b'{"offset": 9000000000000000, "id": "8", "outbox": %d}' % OUTBOX
    (tmp_path / "_position.json").write_bytes(far)
    assert asyncio.run(bridged(tmp_path, Arrival([event(9)], 0.0, 1))) == "8"
    assert [line.offset for line in in_order(texts(tmp_path))] == [9_000_000_000_000_000]


def test_a_folder_of_another_outbox_is_refused(tmp_path: Path) -> None:
    asyncio.run(bridged(tmp_path, Arrival([event(1)], 0.0, 1)))
    with pytest.raises(InputError, match="events of another outbox"):
        Bridge(tmp_path, OUTBOX + 1)


def test_a_position_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "_position.json").write_bytes(b"{")
    with pytest.raises(InputError, match="not as it was written"):
        asyncio.run(bridged(tmp_path))


def test_rows_of_kafka_are_lines_too() -> None:
    batch = pa.RecordBatch.from_pydict(
        {
            "value": [b"{}", None, b"[]"],
            "topic": ["b", "b", "a"],
            "partition": [1, 0, 2],
            "offset": [7, 9, 11],
            "at": [5, 5, 5],
        }
    )
    [found] = texts_of(iter([batch]))
    lines = in_order(found.to_pydict()["value"])
    assert lines == [
        Line(11, 5, "[]", "", 5, "a", 2),
        Line(9, 5, "", "", 5, "b", 0),
        Line(7, 5, "{}", "", 5, "b", 1),
    ]


@pytest.mark.parametrize("bad", [b"not a line", b'{"trans_num": "x"}', b"\xff\xfe", b"[" * 9_999])
def test_a_line_that_cannot_be_read_is_one_that_says_so(bad: bytes) -> None:
    whole = written([Line(7, 70, "{}"), Line(8, 80, "{}")]).splitlines()
    found = in_order([b"\n".join([whole[0], bad, b" ", whole[1]])])
    assert found == [Line(7, 70, "{}"), Line(7, 70, None, fault=NO_LINE), Line(8, 80, "{}")]
