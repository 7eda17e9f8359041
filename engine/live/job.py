"""The live scorer's composition root: what it is made of, and how it ends."""

import sys
from contextlib import suppress
from typing import Final

import uvloop

from engine.definition.needs import needs_labels
from engine.errors import InputError
from engine.live.app import App
from engine.live.deadlines import Deadlines
from engine.live.errors import KeyRejectedError
from engine.live.ledger.writer import Ledger
from engine.live.measuring import Measuring
from engine.live.metrics import Metrics
from engine.live.notices import Log
from engine.live.opening import Beginning, Opened, open_ledger, open_state
from engine.live.options import Options
from engine.live.outside import Outside, outside_of
from engine.live.service import Service
from engine.live.serving import Nothing, Serve
from engine.model.loading import load_run
from engine.model.run import Run
from engine.process import let_go_of_collector, manage_collector, use_large_pages

EXIT_KEY: Final = 3


def live(options: Options, log: Log) -> int:
    """Score a stream until it is asked to stop; the exit code.

    Parameters
    ----------
    options
        The settings.
    log
        Is told of what somebody may want to look at.

    Raises
    ------
    SentinelError
        If something was refused, or cannot go on.
    """
    if options.insecure:
        log.warning("certificates are not verified", why="--insecure")
    outside = outside_of(options)
    run = load_run(options.run)
    if needs_labels(run.features) and options.api is None:
        raise InputError(
            f"--run: reads labels, which the stream has not (was {run.features.name})",
            hint="serve the API, where labels are told, or train a run on a set without them",
        )
    with open_ledger(run.features, options.ledger, options.leap) as ledger:
        beginning = Beginning(options.state, options.warm, options.leap, options.accept_gap)
        opened = open_state(run.features, ledger, beginning, log)
        use_large_pages()
        manage_collector()
        try:
            uvloop.run(_work(options, outside, run, ledger, opened, log))
        except KeyRejectedError as error:
            with suppress(OSError):
                sys.stderr.write(f"{error}\n")
            return EXIT_KEY
        finally:
            let_go_of_collector()
    return 0


async def _work(
    options: Options, outside: Outside, run: Run, ledger: Ledger, opened: Opened, log: Log
) -> None:
    metrics = Metrics()
    observers = [Measuring(metrics, Deadlines(options.deadline))]
    app = App(options, outside, run, ledger, opened, log, observers)
    await app.work(serving(options, metrics, log))


def serving(options: Options, metrics: Metrics, log: Log) -> Serve:
    """What serves the API and the dashboard, as it is asked for."""
    api = options.api
    if api is None:
        return Nothing
    from engine.live.api.server import ApiServer  # noqa: PLC0415 - slow to import
    from engine.live.board.board import Board  # noqa: PLC0415 - as above
    from engine.live.dashboard.keeping_up import KeepingUp  # noqa: PLC0415 - as above
    from engine.live.dashboard.made import Made  # noqa: PLC0415 - as above
    from engine.live.dashboard.routes import Dashboard  # noqa: PLC0415 - as above

    def served(service: Service) -> ApiServer:
        board = KeepingUp(lambda: Board(options.ledger, lambda: service.run, options.deadline), log)
        dashboard = Dashboard(board, options.deadline, Made())
        return ApiServer(service, api, metrics, log, dashboard)

    return served
