"""``python -m engine.live.saving LEDGER``: make the newest snapshot anew, beside the live scorer.

The live scorer starts this as a process of its own, so that saving does not hold up a single event:
it restores the last snapshot, observes what the ledger holds after it, and saves that.
"""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from engine.command import EXIT_CODES, Parser, run_command
from engine.errors import InputError
from engine.process import settle_in

_LOWER: Final = 10  # of priority: whoever scores comes first


def save_anew(ledger: Path) -> Path:
    """Make the newest snapshot of a ledger, and say where.

    Raises
    ------
    InputError
        If there is no snapshot to begin with, or events after it were removed.
    OutputError
        If it cannot be written.
    """
    from engine.live.catching_up import (  # noqa: PLC0415 - after threads are set
        catch_up,
        refuse_gap,
    )
    from engine.live.ledger.reader import reading  # noqa: PLC0415 - the same
    from engine.live.ledger.snapshot_files import place_of  # noqa: PLC0415 - the same
    from engine.live.ledger.tail import labelled, tail  # noqa: PLC0415 - the same
    from engine.live.notices import Silent  # noqa: PLC0415 - the same
    from engine.live.snapshots import newest, save  # noqa: PLC0415 - the same

    with reading(ledger) as reader:
        about = reader.about()
        features = reader.features()
        created = int(about["created"])
        found = newest(features, ledger, created, sys.maxsize, Silent())
        if found is None:
            raise InputError(
                f"{ledger}: there is no snapshot to go on from (was none of this ledger)",
                hint="the live scorer saves one when it starts and when it ends",
            )
        before, online = found
        removed = about.get("removed_through")
        refuse_gap(-1 if removed is None else removed, before, str(ledger), accepted=False)
        # Decisions and labels are read one after the other, and come meanwhile: both up to here.
        (last,) = reader.row("SELECT max(sequence) FROM decisions")
        if last is None or last < before:
            return place_of(ledger, created, before)
        catch_up(
            online,
            tail(reader.connection, ledger, before - 1, last + 1),
            labelled(reader.connection, ledger, before, last + 1),
        )
        return save(online, ledger, created, last + 1)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], None]:
    parser = Parser(
        "python -m engine.live.saving",
        "Save the online state as of now beside the ledger of a live scorer.",
        EXIT_CODES,
    )
    parser.add_argument("ledger", metavar="LEDGER", help="the file that the live scorer writes")
    ledger = Path(parser.parse_args(argv).ledger)
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
    settle_in()
    os.nice(_LOWER)

    def work() -> None:
        sys.stdout.write(f"{save_anew(ledger)}\n")

    return work


if __name__ == "__main__":
    sys.exit(main())
