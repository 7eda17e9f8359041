"""Reads a stream and flags all of it, until a signal: then it drains, and tells what it did."""

import asyncio
import json
import os
import signal
import sys

import uvloop

from engine.clock import elapsed
from engine.live.client import ClientOptions, HttpClient
from engine.live.endpoint import read_endpoint
from engine.live.flag import Flag, Reply
from engine.live.poster import Poster
from engine.live.stream import Arrival, StreamReader
from engine.live.stream_bytes import StreamOptions


async def work(port: str) -> None:
    url, key = f"http://127.0.0.1:{port}", os.environ["SENTINELPOS_API_KEY"]
    replies: list[Reply] = []
    known: set[str] = set()

    async def sink(told: list[Reply]) -> None:
        replies.extend(told)
        await asyncio.sleep(0)

    poster = Poster(
        HttpClient(ClientOptions(read_endpoint(f"{url}/api/flag", "--flag"), key)), sink
    )

    async def take(arrival: Arrival) -> None:
        for event in arrival.events:
            event_id = json.loads(event.data or b"")["trans_num"]
            if event_id not in known:
                known.add(event_id)
                number = int(event_id.removeprefix("event-"))
                poster.add([Flag(len(known), event_id, number % 2, arrival.at + 30.0)])
        if len(known) > 200:
            sys.stdout.write("under way\n")
            sys.stdout.flush()
        await asyncio.sleep(0)

    reader = StreamReader(StreamOptions(read_endpoint(f"{url}/stream", "--stream"), key), take)
    asked_to_end = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked_to_end.set)
    reading, posting = asyncio.create_task(reader.run()), asyncio.create_task(poster.run())
    await asked_to_end.wait()
    reading.cancel()
    drained = await poster.drain(elapsed() + 20.0)
    posting.cancel()
    ends = await asyncio.gather(reading, posting, return_exceptions=True)
    told = {
        "drained": drained,
        "known": len(known),
        "final": sum(one.outcome.value == "recorded" for one in replies),
        "cancelled": [isinstance(end, asyncio.CancelledError) for end in ends],
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    uvloop.run(work(sys.argv[1]))
