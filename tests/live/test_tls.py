"""A judge whose certificate signs itself: trusted if we are told to, and not otherwise."""

from pathlib import Path
from typing import Any

import pytest

from engine.live.flag import Outcome
from engine.live.tls import client_tls
from live.cases import Taken, Told, client_of, flags_of, posting, reading, stream_options, until
from unit.replay.judge.cases import log_of
from unit.replay.judge.clients import judging, run

COUNT = 30
IDS = [f"event-{number}" for number in range(COUNT)]


@pytest.fixture
def secure(tmp_path: Path) -> dict[str, Any]:
    """What to start a judge with that writes its certificate."""
    return {"path": log_of(tmp_path, COUNT), "tls": True, "ca_out": tmp_path / "ca.pem"}


@pytest.mark.parametrize("insecure", [False, True])
def test_a_certificate_that_is_trusted(secure: dict[str, Any], *, insecure: bool) -> None:
    async def test() -> None:
        taken, told = Taken(), Told()
        async with judging(**secure) as running:
            tls = client_tls(None if insecure else secure["ca_out"], insecure=insecure)
            async with reading(stream_options(running.port, secure=True, tls=tls), taken):
                await taken.until(lambda taken: len(taken.transactions) >= COUNT)
            client = client_of(running.port, secure=True, tls=tls)
            async with posting(client, told) as poster:
                poster.add(flags_of(taken.transactions))
                await until(lambda: poster.figures.recorded == COUNT)
        assert told.final == dict.fromkeys(IDS, Outcome.RECORDED)

    run(test())


def test_a_certificate_that_is_not_trusted(secure: dict[str, Any]) -> None:
    async def test() -> None:
        taken, told = Taken(), Told()
        async with judging(**secure) as running:
            async with reading(stream_options(running.port, secure=True), taken) as reader:
                await until(lambda: reader.figures.failures >= 2)
                assert "certificate" in str(reader.figures.last_error).lower()
            client = client_of(running.port, secure=True)
            async with posting(client, told) as poster:
                poster.add(flags_of(IDS, seconds=0.5))
                await until(lambda: poster.figures.expired == COUNT)
        assert taken.events == []
        assert told.final == dict.fromkeys(IDS, Outcome.EXPIRED)
        assert any("certificate" in (reason or "").lower() for reason in told.reasons)
        book = running.judge.book
        assert book.requests.unauthorised == book.posts.unauthorised == 0  # no key was sent

    run(test())


def test_tls_where_there_is_none(tmp_path: Path) -> None:
    async def test() -> None:
        told = Told()
        async with judging(log_of(tmp_path, COUNT)) as running:
            options = stream_options(running.port, secure=True, patience=0.3)
            async with reading(options, Taken()) as reader:
                await until(lambda: reader.figures.failures >= 2)
            async with posting(client_of(running.port, secure=True), told) as poster:
                poster.add(flags_of(IDS[:3], seconds=0.3))
                await until(lambda: poster.figures.expired == 3)

    run(test())
