"""A stream into files: in order, whole, and on from where they end."""

import asyncio
from pathlib import Path

import pyarrow as pa
import pytest

from engine.errors import InputError
from engine.live.sse import Event
from engine.live.stream import Arrival
from engine.live_spark.bridge import Bridge
from engine.live_spark.lines import Line, in_order
from engine.live_spark.sources import texts_of


def texts(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.glob("events-*.json")]


async def bridged(folder: Path, *arrivals: Arrival) -> str:
    """Have a bridge write what came; the id that it would go on after."""
    bridge = Bridge(folder)
    last = bridge.last_id
    running = asyncio.create_task(bridge.run())
    before = len(texts(folder))
    for arrival in arrivals:
        await bridge.take(arrival)
    while arrivals and len(texts(folder)) == before:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    while arrivals and not (folder / "_position.json").exists():  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    running.cancel()
    return last


def event(number: int, name: str = "message") -> Event:
    return Event(name, str(number), b'{"n": %d}' % number)


def test_events_are_lines_in_order_and_signs_of_life_are_none(tmp_path: Path) -> None:
    folder = tmp_path / "events"
    came = Arrival([event(1), event(2, "ping"), Event("message", "3", None)], 0.0, 77)
    assert asyncio.run(bridged(folder, came, Arrival([event(4)], 0.0, 78))) == ""
    assert in_order(texts(folder)) == [
        Line(0, 77, '{"n": 1}', "1"),
        Line(1, 77, None, "3"),
        Line(2, 78, '{"n": 4}', "4"),
    ]
    assert asyncio.run(bridged(folder, Arrival([event(5)], 0.0, 79))) == "4"
    assert in_order(texts(folder))[-1] == Line(3, 79, '{"n": 5}', "5")


def test_it_goes_on_after_files_that_are_gone_and_those_that_nobody_has_told_of(
    tmp_path: Path,
) -> None:
    asyncio.run(bridged(tmp_path, Arrival([event(1), event(2)], 0.0, 1)))
    position = (tmp_path / "_position.json").read_bytes()
    asyncio.run(bridged(tmp_path, Arrival([event(3)], 0.0, 1)))
    (tmp_path / "_position.json").write_bytes(position)
    assert asyncio.run(bridged(tmp_path)) == "3"
    for path in tmp_path.glob("events-*.json"):
        path.unlink()
    assert asyncio.run(bridged(tmp_path)) == "2"


def test_a_position_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "_position.json").write_bytes(b"{")
    with pytest.raises(InputError, match="not as it was written"):
        asyncio.run(bridged(tmp_path))


def test_rows_of_kafka_are_lines_too() -> None:
    batch = pa.RecordBatch.from_pydict(
        {"value": [b"{}", None], "partition": [1, 0], "offset": [7, 9], "at": [5, 5]}
    )
    [found] = texts_of(iter([batch]))
    lines = in_order(found.to_pydict()["value"])
    assert lines == [Line(9, 5, "", "", 5, 0), Line(7, 5, "{}", "", 5, 1)]
