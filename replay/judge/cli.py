"""The command line of the judge."""

import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from engine.arguments import amount, whole
from engine.command import EXIT_CODES, Parser, run_command
from engine.errors import InputError
from replay.judge.faults import fault_help, read_faults

KEY_VARIABLE: Final = "SENTINELPOS_API_KEY"

_DESCRIPTION = f"""\
Stand in for the outside world: serve the transactions of FILE as server-sent events at
GET /stream, take flags at POST /api/flag, and judge them, knowing which are fraud. The score is at
GET /score, as a page at GET /, and is printed at the end.

Both want the key of {KEY_VARIABLE} in the header X-API-Key. Events tell all that FILE
does but is_fraud; unix_time stays as it is, however fast they are sent. Each has its place in the
stream as its id, and Last-Event-ID goes on after it. The stream begins with its first client, and
every client gets it; events that pass while nobody is connected can only be had by Last-Event-ID.

FILE is a log as python -m engine.build takes it, labelled or not, sent in its order."""

_EPILOG = f"""\
faults, each NAME, NAME=SHARE, NAME=SIZE or NAME=SIZE@SHARE; shown with what is taken if nothing is
said. SHARE is that of events, of streams asked for, or of flags posted; for events it may be a
span instead, from one to the next. They follow from the seed alone: what happens to an event, or
to the n-th flag posted for it, is the same in every run, whatever the client does.

{fault_help()}

A connection ends in one place of the stream once, so that who comes back gets past it. The first
flag of an event counts. The same again is answered as recorded; another value, like one that comes
late, as expired or not found.

{EXIT_CODES}

examples:
  python -m replay.judge transactions.csv --rate 50
  python -m replay.judge transactions.csv --rate max --until-done --json
  python -m replay.judge transactions.csv --faults drop=0.01,reorder=20@0.05,stall=10s@60s,flag-503
  python -m replay.judge transactions.csv --tls --ca-out judge.pem"""

_NUMBER: Final = re.compile(r"[0-9]*\.?[0-9]+", re.ASCII)
_KEY: Final = re.compile(r"[!-~]{1,200}", re.ASCII)
_SHORTEST_KEY: Final = 16  # where others can try
_MOST_RATE: Final = 1_000_000
_MOST_PORT: Final = 65_535
_MOST_SEED: Final = 2**64 - 1
_MOST_EVENTS: Final = 2**31 - 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], None]:
    parsed = _parser().parse_args(argv)
    rate = _rate(parsed.rate)
    faults = read_faults(parsed.faults, timed=rate is not None)
    local = _is_loopback(parsed.host)
    if not local and not parsed.allow_remote:
        raise InputError(
            f"--host: others could connect there, and FILE tells of people (was {parsed.host!r})",
            hint="add --allow-remote if that is meant, and --tls; the default is 127.0.0.1",
        )
    if parsed.ca_out is not None and not parsed.tls:
        raise InputError(
            f"--ca-out: there is no certificate without --tls (was {parsed.ca_out!r})",
            hint="add --tls",
        )
    key = _key(local=local)
    from replay.judge.job import run  # noqa: PLC0415 - polars, only if there is work
    from replay.judge.options import Options  # noqa: PLC0415 - with it
    from replay.judge.text import score_text  # noqa: PLC0415 - with it

    events = parsed.events
    options = Options(
        file=parsed.file,
        key=key,
        scratch=Path(parsed.scratch),
        rate=rate,
        deadline=_positive(parsed.deadline, "--deadline"),
        faults=faults,
        seed=whole(parsed.seed, "--seed", 0, _MOST_SEED),
        events=None if events is None else whole(events, "--events", 1, _MOST_EVENTS),
        strings=parsed.strings,
        ids=not parsed.no_ids,
        resumes=not parsed.ignore_last_event_id,
        host=parsed.host,
        port=whole(parsed.port, "--port", 0, _MOST_PORT),
        tls=parsed.tls,
        ca_out=None if parsed.ca_out is None else Path(parsed.ca_out),
        open_score=local,
        until_done=parsed.until_done,
        quiet=parsed.quiet,
        json=parsed.json,
    )

    def report(found: dict[str, Any]) -> None:
        if options.json:
            sys.stdout.write(json.dumps(found, indent=2) + "\n")
        elif not options.quiet:
            sys.stdout.write(score_text(found))

    return lambda: run(options, report)


def _parser() -> Parser:
    parser = Parser("python -m replay.judge", _DESCRIPTION, _EPILOG)
    add = parser.add_argument
    add("file", metavar="FILE", help="the transactions")
    add("--rate", default="50", metavar="R", help="events a second, or max (default: %(default)s)")
    add(
        "--deadline",
        default="30",
        metavar="SECONDS",
        help="to flag an event, from when it is first sent (default: %(default)s)",
    )
    add("--faults", default="", metavar="LIST", help="what goes wrong, with commas; see below")
    add("--seed", default="0", metavar="S", help="seed of the faults (default: %(default)s)")
    add("--events", default=None, metavar="N", help="send the first N only (default: all)")
    add("--strings", action="store_true", help="send numbers as strings")
    add("--no-ids", action="store_true", help="send no ids")
    add(
        "--ignore-last-event-id",
        action="store_true",
        help="go on from now, whatever the client had last",
    )
    add("--host", default="127.0.0.1", metavar="ADDRESS", help="(default: %(default)s)")
    add("--port", default="8765", metavar="P", help="0 takes a free one (default: %(default)s)")
    add("--allow-remote", action="store_true", help="allow a --host that others can reach")
    add("--tls", action="store_true", help="https, with a self-signed certificate made now")
    add("--ca-out", default=None, metavar="FILE", help="write the certificate there")
    add(
        "--until-done",
        action="store_true",
        help="end when all events were sent, and flagged or expired",
    )
    add(
        "--scratch",
        default=tempfile.gettempdir(),
        metavar="DIR",
        help="folder for the events, as large as FILE as text (default: %(default)s)",
    )
    add("--quiet", action="store_true", help="no progress, and no score unless --json")
    add("--json", action="store_true", help="print the score as JSON on standard output")
    return parser


def _rate(text: str) -> float | None:
    if text == "max":
        return None
    if _NUMBER.fullmatch(text) and 0 < float(text) <= _MOST_RATE:
        return float(text)
    raise InputError(
        f"--rate: not events a second (was {text!r})",
        hint=f"give a number above 0 and up to {_MOST_RATE:,}, or max",
    )


def _positive(text: str, option: str) -> float:
    found = amount(text, option)
    if not found:
        raise InputError(f"{option}: must be above 0 (was {text!r})", hint="give one such as 30")
    return found


def _key(*, local: bool) -> bytes:
    key = os.environ.get(KEY_VARIABLE, "")
    if not _KEY.fullmatch(key) or (not local and len(key) < _SHORTEST_KEY):
        least = 1 if local else _SHORTEST_KEY
        raise InputError(
            f"{KEY_VARIABLE}: not a key of {least} to 200 visible ASCII characters "
            f"(was {len(key)} characters)",
            hint=f"export {KEY_VARIABLE}=$(openssl rand -hex 16), for the client too",
        )
    return key.encode()


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
