"""The judging itself: construction, then serving until it is done or somebody has had enough."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from engine.clock import elapsed
from engine.errors import OutputError
from engine.progress import Meter
from engine.words import counted
from replay.judge.board import Board
from replay.judge.book import Book
from replay.judge.doors import Doors
from replay.judge.flags import Flags
from replay.judge.frames import Frames
from replay.judge.journal import Journal, read_journal
from replay.judge.options import Options
from replay.judge.plan import make_plan
from replay.judge.schedule import Schedule
from replay.judge.score import pending, score
from replay.judge.server import Server
from replay.judge.stream import Stream
from replay.judge.tls import self_signed

_LOOK_SECONDS: Final = 0.25


class Judge:
    """A stream, an endpoint for flags and a scoreboard over the events of a journal.

    Parameters
    ----------
    options
        What is asked for.
    journal
        The events.
    """

    def __init__(self, options: Options, journal: Journal) -> None:
        plan = make_plan(len(journal), options.faults, options.seed, options.rate)
        stalls = plan.places_of("stall")
        stall_seconds = options.faults["stall"].size if stalls else 0.0
        self.places = len(plan)
        self.book = Book.of(journal, plan.dropped, options.deadline)
        self.schedule = Schedule(len(plan), options.rate, stalls, stall_seconds)
        frames = Frames(journal, plan, options.faults, options.seed, ids=options.ids)
        self.stream = Stream(
            journal, plan, frames, self.schedule, self.book, resumes=options.resumes
        )
        flags = Flags(journal, self.book, options.faults, options.seed)
        doors = Doors(
            flags,
            self.book,
            Board(self.score, len(journal)).show,
            options.faults,
            options.seed,
            options.key,
            open_score=options.open_score,
        )
        self.server = Server(doors, self.stream, self.book)

    def score(self) -> dict[str, Any]:
        """What it comes to by now."""
        now = elapsed()
        released = self.stream.released(now)  # first: it finds out whether the end was reached
        began, ended = self.schedule.began, self.schedule.ended
        return score(self.book, now) | {
            "stream": {
                "places": self.places,
                "due": released if self.schedule.timed else self.stream.furthest,
                "seconds": 0.0 if began is None else round(now - began, 3),
                "seconds_to_the_end": (
                    None if began is None or ended is None else round(ended - began, 3)
                ),
            },
            "done": self.done(now),
        }

    def done(self, now: float) -> bool:
        """Whether all that will be sent was, and is answered or expired.

        What nobody was there to be sent may still be asked for, and clients that are behind may
        still read on, until a deadline after the last place was due. A client that has stopped
        reading is not waited for beyond that.
        """
        self.stream.released(now)
        ended = self.schedule.ended
        if ended is None or pending(self.book, now):
            return False
        if now - ended > self.book.deadline:
            return True
        return self.book.all_sent and self.stream.caught_up


@contextmanager
def judge_of(options: Options) -> Iterator[Judge]:
    """A judge over a file, whose scratch goes with the block.

    Raises
    ------
    InputError
        If the file cannot be read, or holds no event.
    OutputError
        If there is no room for scratch.
    """
    with read_journal(
        options.file,
        strings=options.strings,
        most=options.events,
        scratch=options.scratch,
        quiet=options.quiet,
    ) as journal:
        if journal.unreadable and not options.quiet:
            _say(
                f"{counted(journal.unreadable, 'row')} without an event id or unreadable: left out"
            )
        yield Judge(options, journal)


def run(options: Options, report: Callable[[dict[str, Any]], None]) -> None:
    """Serve until all is done, if that is asked for, or until a signal; report the score.

    Raises
    ------
    InputError, OutputError
        As ``judge_of``, or if no certificate can be made or the port cannot be listened on.
    """
    with judge_of(options) as judge:
        try:
            asyncio.run(_serve(options, judge))
        finally:
            # However it ends, by an interrupt above all, there is a score by then; people need none
            # if nobody has opened the stream.
            if judge.schedule.began is not None or (options.json and judge.server.has_listened):
                report(judge.score())


async def _serve(options: Options, judge: Judge) -> None:
    tls = self_signed(options.host, options.ca_out) if options.tls else None
    try:
        port = await judge.server.listen(options.host, options.port, tls)
    except OSError as error:
        raise OutputError(
            f"--port: cannot listen on {options.host} (was {options.port}: "
            f"{error.strerror or error})",
            hint="choose another --port; 0 takes any that is free",
        ) from error
    scheme, host = "http" if tls is None else "https", options.host
    address = f"[{host}]" if ":" in host else host
    if not options.quiet:
        _say(
            f"{scheme}://{address}:{port}/ judges {counted(len(judge.book.labels), 'event')}; "
            "the stream begins with its first client"
        )
    try:
        with Meter("stream", judge.places, quiet=options.quiet, noun="event") as meter:
            await _watch(options, judge, meter)
    finally:
        await judge.server.close()


async def _watch(options: Options, judge: Judge, meter: Meter) -> None:
    shown = 0
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        if judge.stream.furthest > shown:
            meter.advance(judge.stream.furthest - shown)
            shown = judge.stream.furthest
        if options.until_done and judge.done(elapsed()):
            return


def _say(line: str) -> None:
    with suppress(OSError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
