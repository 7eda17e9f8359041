"""How things are, for the line at the top of each page and for the page of operations."""

from dataclasses import asdict, dataclass
from typing import Any

from engine.live.flag import Outcome
from engine.live.metrics import Metrics
from engine.live.service import Service


@dataclass(frozen=True, slots=True)
class Figures:
    """What the scorer says of itself.

    Parameters
    ----------
    service
        Who knows how things are.
    metrics
        What happened since the start.
    deadline
        Seconds within which a flag has to be answered.
    """

    service: Service
    metrics: Metrics
    deadline: float

    def told(self, trouble: str | None) -> dict[str, Any]:
        """All of it now, by name.

        Parameters
        ----------
        trouble
            What is wrong with the dashboard itself; None if nothing.
        """
        counted = self.metrics
        own = () if trouble is None else (f"dashboard: {trouble}",)
        health = self.service.health()
        return {
            "health": asdict(health) | {"troubles": (*health.troubles, *own)},
            "since_start": {
                "events": dict(counted.events),
                "duplicates": sum(counted.duplicates.values()),
                "unreadable": sum(counted.unreadable.values()),
                "late": sum(counted.late.values()),
                "alerts": counted.decisions[1],
                "fallbacks": counted.fallbacks,
                "recorded": counted.flags[Outcome.RECORDED],
                "refused": counted.flags[Outcome.REFUSED],
                "retries": counted.flags[Outcome.RETRY],
                "expired": counted.flags[Outcome.EXPIRED],
                "reconnects": counted.reconnects,
                "ledger_failures": counted.ledger_failures,
                "models": counted.models,
            },
            "deadline": self.deadline,
        }
