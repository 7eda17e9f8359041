"""Streams with everything that goes wrong with clocks, and stores that are a dictionary."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.live_spark.journal import Entry, Head
from engine.live_spark.lines import Line

CARDS = [4_000_000_000_000_000_001 + number for number in range(7)]
START = 1_700_000_000
HOUR = 3_600
DAY = 24 * HOUR


def stream(seed: int, count: int = 600) -> list[bytes]:
    """Events, some of them late, too late, far astray, again, or of a stream that has jumped."""
    chance = random.Random(seed)  # noqa: S311 - a test's
    now, found, told = START, [], []
    for number in range(count):
        now += chance.choice([0, 0, 1, 30, 600])
        kind = chance.random()
        if kind < 0.02:
            now += chance.choice([-1, 1]) * 30 * DAY  # for good
        t = now
        if kind > 0.9:
            t -= chance.choice([1, 60, HOUR, 3 * HOUR, 2 * DAY])
        elif kind > 0.88:
            t += chance.choice([-1, 1]) * 400 * DAY
        if kind > 0.97 and told:
            found.append(chance.choice(told[-40:]))
            continue
        event = {
            "trans_num": f"e{number}",
            "cc_num": str(chance.choice(CARDS)),
            "unix_time": t,
            "amt": f"{chance.randrange(1, 90_000) / 100:.2f}",
            "merchant": f"m{chance.randrange(5)}",
            "category": chance.choice(["food", "home", None]),
            "dob": "1980-01-31",
            "gender": chance.choice("MF"),
            "merch_lat": chance.uniform(-60, 60),
            "merch_long": chance.uniform(-170, 170),
        }
        told.append(json.dumps(event).encode())
        found.append(told[-1])
    return found


def lines(events: Sequence[bytes]) -> list[Line]:
    """Events as they come into the query, all at once."""
    return [Line(offset, 0, data.decode()) for offset, data in enumerate(events)]


def batches(events: Sequence[Any], seed: int, most: int = 60) -> list[Sequence[Any]]:
    """Events in micro-batches of any size."""
    chance = random.Random(seed)  # noqa: S311 - a test's
    found, at = [], 0
    while at < len(events):
        size = chance.randrange(1, most)
        found.append(events[at : at + size])
        at += size
    return found


@dataclass
class Memory:
    """A store in memory, which can be put back to what it was."""

    said: Head | None = None
    kept: bytes = b""
    entries: dict[int, Entry] = field(default_factory=dict)
    read: int = 0

    def copy(self) -> "Memory":
        return Memory(self.said, self.kept, dict(self.entries))

    def head(self) -> Head | None:
        return self.said

    def set_head(self, head: Head) -> None:
        self.said = head

    def entry(self, version: int) -> Entry:
        self.read += 1
        return self.entries[version]

    def append(self, version: int, entry: Entry) -> None:
        self.entries[version] = entry

    def remove(self, version: int) -> None:
        del self.entries[version]

    def whole(self) -> bytes:
        self.read += 1
        return self.kept

    def set_whole(self, whole: bytes) -> None:
        self.kept = whole
