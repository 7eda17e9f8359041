"""The command line of the live scorer."""

import argparse
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from engine.command import EXIT_CODES, Parser, run_command
from engine.live.settings import CONFIG, PREFIX, SECRETS, SETTINGS
from engine.process import settle_in

if TYPE_CHECKING:
    from engine.live.notices import Log

_DESCRIPTION: Final = """\
Score a stream of transactions: every event is decided on and recorded, and its flag posted, before
its deadline, whatever happens. It ends when it is asked to (SIGTERM, SIGINT), with what has come
decided on and posted; asked twice, it ends at once, and the rest is posted at the next start."""

_SECRETS: Final = "\n".join(f"  {one.variable:<22}{one.help}" for one in SECRETS)

_EPILOG: Final = f"""\
Each setting may also stand in the environment, --flag as {PREFIX}FLAG, or in the file of
--{CONFIG}, as flag = "…"; the command line goes before the environment, and that before the file.
Secrets are in the environment alone:
{_SECRETS}

{EXIT_CODES}
  3 the key is not taken

examples:
  python -m engine.live --stream https://example.org/stream --flag https://example.org/api/flag
  python -m engine.live --config live.toml --listen off"""

_OWNERS_ALONE: Final = 0o077


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], int]:
    given = _given(_parser().parse_args(argv))
    # Events come one after the other: what polars does is done once, at the start and at the end.
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    os.umask(_OWNERS_ALONE)  # the ledger and its snapshots hold people's data
    settle_in()
    from engine.live.configure import configured  # noqa: PLC0415 - after threads are set
    from engine.live.job import live  # noqa: PLC0415 - the same
    from engine.live.log import make_log, route_others  # noqa: PLC0415 - the same

    options = configured(given, os.environ)
    log = make_log(
        secrets=(os.environ[one.variable] for one in SECRETS if one.variable in os.environ)
    )
    route_others(log)
    # It takes more than a Log does; none of ours has a particular that is called event.
    return lambda: live(options, cast("Log", log))


def _given(parsed: argparse.Namespace) -> dict[str, str | None]:
    """What the command line says, as it is written elsewhere."""
    found: dict[str, Any] = vars(parsed)
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in found.items()
    }


def _parser() -> Parser:
    parser = Parser("python -m engine.live", _DESCRIPTION, _EPILOG)
    parser.add_argument(f"--{CONFIG}", default=None, metavar="FILE", help="a TOML file of settings")
    for one in SETTINGS:
        default = "" if one.default is None else f" (default: {one.default})"
        told = f"{one.help}{default}".replace("%", "%%")
        if one.switch:
            action = argparse.BooleanOptionalAction
            parser.add_argument(one.flag, dest=one.name, action=action, default=None, help=told)
        else:
            parser.add_argument(one.flag, dest=one.name, default=None, metavar=one.kind, help=told)
    return parser
